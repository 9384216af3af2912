import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { makeClip, makeFile } from '../support/clip.ts';
import { FlvSource, type FlvSourceOptions } from '../support/flv-source.ts';
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
  readonly publish: (key: string) => Promise<Source>;
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
  server = await Tallylight.start({
    env: { LADDER: '144p:100k', CPU_BUDGET_CORES: '8', RTMP_MAX_PENDING_PER_ADDRESS: '64' },
  });
});

afterAll(() => server.stop());

const CASES: readonly SourceCase[] = [
  { name: '30 fps', publish: async (key) => copy(key, [await makeClip()]) },
  { name: '60 fps', publish: async (key) => copy(key, [await makeClip({ fps: 60, gop: 120 })]) },
  { name: '24 fps', publish: async (key) => copy(key, [await makeClip({ fps: 24, gop: 48 })]) },
  { name: 'portrait', publish: async (key) => copy(key, [await makeClip({ size: '180x320' })]) },
  {
    name: '-g 250 -bf 2',
    publish: async (key) => copy(key, [await makeClip({ gop: 250, bFrames: 2 })]),
    seconds: 11,
    discontinuities: 1,
  },
  { name: 'no audio', publish: async (key) => copy(key, [await makeClip({ audio: false })]) },
  {
    name: 'audio only',
    publish: async (key) => copy(key, [await makeClip({ video: false })]),
    renditions: ['audio'],
  },
  {
    name: 'audio 2 s late',
    publish: async (key) =>
      copy(
        key,
        [
          '-re',
          '-i',
          await makeClip({ audio: false }),
          '-itsoffset',
          '2',
          '-re',
          '-i',
          await makeClip({ video: false }),
        ],
        ['-map', '0:v', '-map', '1:a'],
      ),
  },
  {
    name: '30, then 1 fps for 8 s',
    publish: async (key) => {
      const slow = "select='lt(t,4)+gte(t,12)+lt(mod(n,30),1)'";
      const vfr = ['-fps_mode', 'vfr', '-force_key_frames', 'expr:gte(t,n_forced*2)'];
      // Or FFmpeg's muxer holds the audio until the next picture.
      return copy(
        key,
        [await makeClip({ filter: slow, gop: 600, extra: vfr })],
        ['-max_interleave_delta', '1000'],
      );
    },
    seconds: 14,
  },
  {
    name: 'audio stops',
    publish: async (key) =>
      play(key, { edit: (tag, elapsedMs) => (tag.type === 'audio' && elapsedMs > 3000 ? undefined : tag) }),
  },
  {
    name: 'video stops for 2 s',
    publish: async (key) =>
      play(key, {
        edit: (tag, elapsedMs) =>
          tag.type === 'video' && elapsedMs > 3000 && elapsedMs < 5000 ? undefined : tag,
      }),
  },
  {
    name: 'another resolution midway',
    publish: async (key) =>
      play(key, { files: [await makeClip({ seconds: 4 }), await makeClip({ size: '426x240', gop: 60 })] }),
    discontinuities: 1,
    seconds: 10,
  },
  {
    name: 'timestamps jump 5 s forth and 5 s back',
    publish: async (key) =>
      play(key, {
        edit: (tag, elapsedMs) => ({
          ...tag,
          timestampMs: tag.timestampMs + 10_000 + (elapsedMs > 3000 && elapsedMs < 6000 ? 5000 : 0),
        }),
      }),
    seconds: 9,
    logs: UNUSUAL,
  },
  {
    name: 'timestamps wrap at 2³² ms',
    publish: async (key) =>
      play(key, {
        edit: (tag) => ({ ...tag, timestampMs: (tag.timestampMs + 2 ** 32 - 4000) % 2 ** 32 }),
      }),
  },
];

describe('sources', () => {
  test.concurrent.for(CASES)('$name', (row, context) => expectToPlay(row, context));

  const newerTest = newer === undefined && !requireAll ? test.skip : test;
  if (newer === undefined)
    console.warn(
      'HEVC by enhanced RTMP is not tested: there is no FFmpeg ≥ 6.1 (FFMPEG_NEW, or pip’s imageio-ffmpeg)',
    );

  newerTest.concurrent('HEVC by enhanced RTMP', async (context) => {
    context.expect(newer, 'an FFmpeg that speaks enhanced RTMP').toBeDefined();
    const row: SourceCase = {
      name: 'hevc',
      publish: async (key) => copy(key, [await makeHevcClip()], [], newer),
    };
    await expectToPlay(row, context);
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

async function expectToPlay(row: SourceCase, { expect }: TestContext): Promise<void> {
  const streamId = row.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const seconds = row.seconds ?? 8;
  const source = await row.publish(await server.addKey(streamId));
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

/** FFmpeg publishes files as they are, in real time: one path, or inputs with options of their own. */
async function copy(
  key: string,
  inputs: readonly string[],
  extra: readonly string[] = [],
  ffmpeg = 'ffmpeg',
): Promise<Source> {
  const [only] = inputs;
  const input = inputs.length === 1 ? ['-re', '-i', only ?? ''] : inputs;
  return FfmpegPublisher.start(
    ['-v', 'warning', ...input, ...extra, '-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`],
    ffmpeg,
  );
}

/** We publish ourselves what FFmpeg would not. */
async function play(key: string, options: Partial<FlvSourceOptions>): Promise<Source> {
  const files = options.files ?? [await makeClip()];
  const source = await FlvSource.start({ port: server.rtmpPort, key, ...options, files });
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
