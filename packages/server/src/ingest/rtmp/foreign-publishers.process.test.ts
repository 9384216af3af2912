import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { RtmpServer } from './server.ts';
import { FakePublishTarget, fakeAuthorizer, type Publication } from './testing/fake-publish-target.ts';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
    let output = '';
    const keep = (text: Buffer): void => {
      output = (output + text.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const isInstalled = async (command: string, args: readonly string[]): Promise<boolean> =>
  run(command, args).then(
    ({ code }) => code === 0,
    () => false,
  );
const hasFfmpeg = await isInstalled('ffmpeg', ['-version']);
const hasGStreamer = await isInstalled('gst-inspect-1.0', ['rtmp2sink']);

const TIMEOUT = { timeout: 40_000 };
const target = new FakePublishTarget();
const server = new RtmpServer({ authorizer: fakeAuthorizer, target, clock: systemClock, log: silentLogger });
let port = 0;
let folder = '';
const url = (key: string): string => `rtmp://127.0.0.1:${port}/live/${key}`;

beforeAll(async () => {
  port = await server.listen({ port: 0, host: '127.0.0.1' });
  folder = await mkdtemp(join(tmpdir(), 'rtmp-publishers-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function publication(streamId: string): Publication {
  const found = target.publications.find((each) => each.streamId === streamId);
  if (found === undefined) throw new Error(`nobody published ${streamId}`);
  return found;
}

const times = (streamId: string, kind: 'video' | 'audio'): number[][] =>
  publication(streamId)
    .units.filter((unit) => unit.kind === kind)
    .map((unit) => [unit.pts, unit.dts, unit.keyframe ? 1 : 0]);

/** PTS, DTS and key flag of each packet of a file, in milliseconds, from ffprobe. */
async function probe(file: string, stream: string): Promise<number[][]> {
  const entries = 'packet=pts,dts,flags';
  const { output } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    stream,
    '-show_entries',
    entries,
    '-of',
    'csv=p=0',
    file,
  ]);
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [pts, dts, flags = ''] = line.split(',');
      return [Number(pts), Number(dts), flags.startsWith('K') ? 1 : 0];
    });
}

describe.runIf(hasFfmpeg)('FFmpeg', () => {
  test(
    'publishes: every packet arrives with its PTS, DTS and key flag, from ffprobe of the same file',
    TIMEOUT,
    async () => {
      const file = join(folder, 'source.flv');
      const made = await run('ffmpeg', [
        ...[
          '-v',
          'error',
          '-f',
          'lavfi',
          '-i',
          'testsrc2=size=640x360:rate=30',
          '-f',
          'lavfi',
          '-i',
          'sine=sample_rate=48000',
        ],
        ...[
          '-t',
          '4',
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-bf',
          '2',
          '-g',
          '30',
          '-pix_fmt',
          'yuv420p',
        ],
        ...['-c:a', 'aac', '-f', 'flv', file],
      ]);
      expect(made).toMatchObject({ code: 0 });
      const sent = await run('ffmpeg', [
        '-v',
        'error',
        '-copyts',
        '-i',
        file,
        '-c',
        'copy',
        '-f',
        'flv',
        url('good-ffmpeg?x=1'),
      ]);
      expect(sent).toMatchObject({ code: 0 });
      const video = times('good-ffmpeg', 'video');
      expect(video.length).toBe(120);
      expect(video).toEqual(await probe(file, 'v'));
      expect(times('good-ffmpeg', 'audio')).toEqual(await probe(file, 'a'));
      const { tracks, expected, ended } = publication('good-ffmpeg');
      expect(expected).toEqual({ video: true, audio: true });
      expect(ended).toBe('unpublished');
      expect(tracks).toMatchObject([
        { codec: 'h264', width: 640, height: 360, frameRate: 30 },
        { codec: 'aac', sampleRate: 48_000, channels: 1 },
      ]);
    },
  );

  test('with a wrong key is told so in words', TIMEOUT, async () => {
    const sent = await run('ffmpeg', [
      ...[
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=30',
        '-t',
        '1',
        '-c:v',
        'libx264',
        '-f',
        'flv',
      ],
      url('wrong'),
    ]);
    expect(sent.code).not.toBe(0);
    expect(sent.output).toContain('this stream key is not known here');
  });

  test('as a player verifies our digest handshake, then is told where to watch', TIMEOUT, async () => {
    const played = await run('ffmpeg', ['-v', 'error', '-i', url('good-ffmpeg'), '-f', 'null', '-']);
    expect(played.code).not.toBe(0);
    expect(played.output).toContain('to watch, open the watch page or its HLS playlist');
  });

  test('without audio is not expected to have any', TIMEOUT, async () => {
    await run('ffmpeg', [
      ...[
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=30',
        '-t',
        '1',
        '-c:v',
        'libx264',
        '-f',
        'flv',
      ],
      url('good-silent'),
    ]);
    expect(publication('good-silent').expected).toEqual({ video: true, audio: false });
    expect(times('good-silent', 'video')).toHaveLength(30);
  });
});

describe.runIf(hasGStreamer)('GStreamer', () => {
  const source = ['videotestsrc', 'num-buffers=60', '!', 'video/x-raw,format=I420,framerate=30/1', '!'];
  const encode = [
    'x264enc',
    'tune=zerolatency',
    '!',
    'h264parse',
    '!',
    'flvmux',
    'name=mux',
    'streamable=true',
    '!',
  ];
  const audio = [
    'audiotestsrc',
    'num-buffers=86',
    '!',
    'audioconvert',
    '!',
    'avenc_aac',
    '!',
    'aacparse',
    '!',
    'mux.',
  ];

  test.each(['rtmp2sink', 'rtmpsink'])('publishes through %s', TIMEOUT, async (sink) => {
    const key = `good-${sink}`;
    const sent = await run('gst-launch-1.0', [
      '-q',
      ...source,
      ...encode,
      sink,
      `location=${url(key)}`,
      ...audio,
    ]);
    expect(sent).toMatchObject({ code: 0 });
    expect(times(key, 'video')).toHaveLength(60);
    expect(times(key, 'audio').length).toBeGreaterThanOrEqual(86);
    expect(publication(key)).toMatchObject({ ended: 'unpublished', expected: { video: true, audio: true } });
  });

  test('with a wrong key is told so in words', TIMEOUT, async () => {
    const sent = await run('gst-launch-1.0', [
      '-q',
      ...source,
      ...encode,
      'rtmp2sink',
      `location=${url('wrong')}`,
    ]);
    expect(sent.code).not.toBe(0);
    expect(sent.output).toContain('this stream key is not known here');
  });
});
