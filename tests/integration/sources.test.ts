import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { type ClipOptions, makeClip, makeFile } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { type LlReader, openReaders } from '../support/ll-reader.ts';
import { newerFfmpeg, requireAll } from '../support/newer-ffmpeg.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';

/** Somebody who publishes, and can be stopped. */
interface Source {
  stop(): Promise<void>;
}

/** What is published, and what a viewer must see of it. */
interface SourceCase {
  readonly name: string;
  /** Made before anything is published, so that encoding them disturbs nobody. */
  readonly clips: readonly ClipOptions[];
  readonly publish: (key: string, files: readonly string[]) => Promise<Source>;
  /** Renditions; default the source, the rung and audio. */
  readonly renditions?: readonly string[];
  /** Media to read. Default 8. */
  readonly seconds?: number;
  /** Discontinuities that the case may bring: one for a change of parameters or of who makes the keyframes. Default 0. */
  readonly discontinuities?: number;
  /** A line that the log must hold, and by default must not. */
  readonly logs?: RegExp;
}

/** Buffer of the player that must not stall: ours keeps 0.3 s, and this machine does more than one thing at a time. */
const BUFFER_SEC = 0.5;
const UNUSUAL = /jumped/;
const WITH_AUDIO = ['source', '144p', 'audio'];
const newer = newerFfmpeg();

let server: Tallylight;

beforeAll(async () => {
  await Promise.all(CASES.flatMap(({ clips }) => clips.map(makeClip)));
  server = await Tallylight.start({
    env: { LADDER: '144p:100k', CPU_BUDGET_CORES: '8', RTMP_MAX_PENDING_PER_ADDRESS: '64' },
  });
});

afterAll(() => server.stop());

const CASES: readonly SourceCase[] = [
  { name: '30 fps', clips: [{}], publish: copy },
  { name: '60 fps', clips: [{ fps: 60, gop: 120 }], publish: copy },
  { name: '24 fps', clips: [{ fps: 24, gop: 48 }], publish: copy },
  { name: 'portrait', clips: [{ size: '180x320' }], publish: copy },
  {
    name: '-g 250 -bf 2',
    clips: [{ gop: 250, bFrames: 2 }],
    publish: copy,
    seconds: 11,
    discontinuities: 1,
  },
  { name: 'no audio', clips: [{ audio: false }], publish: copy },
  { name: 'audio only', clips: [{ video: false }], publish: copy, renditions: ['audio'] },
  {
    name: 'audio 2 s late',
    clips: [{ audio: false }, { video: false }],
    publish: (key, [video = '', audio = '']) =>
      ffmpeg(key, [
        ...['-re', '-i', video, '-itsoffset', '2', '-re', '-i', audio],
        '-map',
        '0:v',
        '-map',
        '1:a',
      ]),
  },
  {
    name: '30, then 1 fps for 8 s',
    clips: [
      {
        filter: "select='lt(t,4)+gte(t,12)+lt(mod(n,30),1)'",
        gop: 600,
        extra: ['-fps_mode', 'vfr', '-force_key_frames', 'expr:gte(t,n_forced*2)'],
      },
    ],
    // Or FFmpeg's muxer holds the audio until the next picture.
    publish: (key, [file = '']) => ffmpeg(key, ['-re', '-i', file, '-max_interleave_delta', '1000']),
    seconds: 14,
  },
  {
    name: 'audio stops',
    clips: [{}],
    publish: (key, files) =>
      play(key, files, (tag, elapsedMs) => (tag.type === 'audio' && elapsedMs > 3000 ? undefined : tag)),
  },
  {
    name: 'video stops for 2 s',
    clips: [{}],
    publish: (key, files) =>
      play(key, files, (tag, elapsedMs) =>
        tag.type === 'video' && elapsedMs > 3000 && elapsedMs < 5000 ? undefined : tag,
      ),
    // To keyframes of our own, and back.
    discontinuities: 2,
  },
  {
    name: 'another resolution midway',
    clips: [{ seconds: 4 }, { size: '426x240' }],
    publish: (key, files) => play(key, files),
    discontinuities: 1,
    seconds: 10,
  },
  {
    name: 'timestamps jump 5 s forth and 5 s back',
    clips: [{}],
    publish: (key, files) =>
      play(key, files, (tag, elapsedMs) => ({
        ...tag,
        timestampMs: tag.timestampMs + 10_000 + (elapsedMs > 3000 && elapsedMs < 6000 ? 5000 : 0),
      })),
    seconds: 9,
    logs: UNUSUAL,
  },
  {
    name: 'timestamps wrap at 2³² ms',
    clips: [{}],
    publish: (key, files) =>
      play(key, files, (tag) => ({ ...tag, timestampMs: (tag.timestampMs + 2 ** 32 - 4000) % 2 ** 32 })),
  },
];

describe('sources', () => {
  // A second chance, for a machine that does something else just then: whatever we do wrong, we do wrong twice.
  test.concurrent.for(CASES)('$name', { retry: 2 }, (row, context) => expectToPlay(row, context));

  const newerTest = newer === undefined && !requireAll ? test.skip : test;
  if (newer === undefined)
    console.warn(
      'HEVC by enhanced RTMP is not tested: there is no FFmpeg ≥ 6.1 (FFMPEG_NEW, or pip’s imageio-ffmpeg)',
    );

  newerTest.concurrent('HEVC by enhanced RTMP', { retry: 2 }, async (context) => {
    context.expect(newer, 'an FFmpeg that speaks enhanced RTMP').toBeDefined();
    const file = await makeHevcClip();
    const publish = (key: string): Promise<Source> => ffmpeg(key, ['-re', '-i', file], newer);
    await expectToPlay({ name: 'hevc', clips: [], publish }, context);
  });

  newerTest.concurrent.for([
    { codec: 'AV1', options: ['-c:v', 'libsvtav1', '-preset', '12', '-c:a', 'aac'] },
    { codec: 'Opus', options: ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'libopus'] },
  ])('$codec is refused in words that the publisher shows', async ({ codec, options }, { expect }) => {
    const streamId = `refused-${codec.toLowerCase()}`;
    const key = await server.addKey(streamId);
    const inputs = ['testsrc2=size=320x180:rate=30', 'sine=sample_rate=48000'];
    const publisher = FfmpegPublisher.start(
      [
        ...['-v', 'warning', ...inputs.flatMap((input) => ['-re', '-f', 'lavfi', '-i', input])],
        ...[
          '-pix_fmt',
          'yuv420p',
          '-ac',
          '2',
          ...options,
          '-t',
          '20',
          '-f',
          'flv',
          `${server.rtmpUrl}/${key}`,
        ],
      ],
      newer,
    );
    expect(await publisher.finished()).not.toBe(0);
    expect(publisher.stderr).toMatch(new RegExp(codec, 'i'));
    const refusal = server.log.filter((line) => line['streamId'] === streamId);
    expect(JSON.stringify(refusal)).toMatch(new RegExp(codec, 'i'));
  });
});

async function expectToPlay(row: SourceCase, { expect, task }: TestContext): Promise<void> {
  const name = row.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const streamId = `${name}-${task.result?.retryCount ?? 0}`;
  const seconds = row.seconds ?? 8;
  const files = await Promise.all(row.clips.map(makeClip));
  const source = await row.publish(await server.addKey(streamId), files);
  let readers: readonly LlReader[] = [];
  try {
    readers = await openReaders(server.playlistUrl(streamId), {
      atLeast: (row.renditions ?? WITH_AUDIO).length,
    });
    await Promise.all(readers.map((reader) => reader.follow(seconds)));
  } finally {
    await source.stop();
  }
  expect(readers.map(({ id }) => id)).toEqual(row.renditions ?? WITH_AUDIO);
  for (const reader of readers) {
    const seen = {
      problems: reader.problems,
      holes: reader.holes,
      wrongDurations: reader.wrongDurations,
      dependentSegments: reader.dependentSegments,
      needlessDiscontinuities: Math.max(0, discontinuitiesOf(reader) - (row.discontinuities ?? 0)),
      ...reader.playBack(BUFFER_SEC),
    };
    expect.soft({ id: reader.id, ...seen }).toEqual({
      id: reader.id,
      problems: [],
      holes: [],
      wrongDurations: [],
      dependentSegments: [],
      needlessDiscontinuities: 0,
      stalls: 0,
      stalledMs: 0,
    });
    expect.soft(reader.mediaSec, reader.id).toBeGreaterThanOrEqual(seconds);
  }
  const log = server.log.filter((line) => line['streamId'] === streamId).map((line) => String(line['msg']));
  if (row.logs === undefined) expect(log.filter((line) => UNUSUAL.test(line))).toEqual([]);
  else expect(log.join('\n')).toMatch(row.logs);
}

function discontinuitiesOf(reader: LlReader): number {
  return reader.parts.filter(({ discontinuity }) => discontinuity).length;
}

/** FFmpeg publishes a file as it is, in real time. */
function copy(key: string, [file = '']: readonly string[]): Promise<Source> {
  return ffmpeg(key, ['-re', '-i', file]);
}

/** FFmpeg publishes its inputs without encoding them. */
function ffmpeg(key: string, inputs: readonly string[], program = 'ffmpeg'): Promise<Source> {
  const output = ['-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`];
  return Promise.resolve(FfmpegPublisher.start(['-v', 'warning', ...inputs, ...output], program));
}

/** We publish ourselves what FFmpeg would not. */
async function play(
  key: string,
  files: readonly string[],
  edit: (tag: FlvTag, elapsedMs: number) => FlvTag | undefined = (tag) => tag,
): Promise<Source> {
  const source = await FlvSource.start({ port: server.rtmpPort, key, files, edit });
  return {
    stop: async () => {
      source.kill();
      await source.finished;
    },
  };
}

function makeHevcClip(): Promise<string> {
  return makeFile(
    [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=30',
        '-f',
        'lavfi',
        '-i',
        'sine=sample_rate=48000',
      ],
      ...[
        '-c:v',
        'libx265',
        '-preset',
        'ultrafast',
        '-x265-params',
        'keyint=60:min-keyint=60:log-level=error',
      ],
      ...['-pix_fmt', 'yuv420p', '-tag:v', 'hvc1', '-c:a', 'aac', '-t', '30'],
    ],
    'mp4',
  );
}
