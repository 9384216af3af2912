import { type LintReport, lintStream } from '@tallylight/hls/lint/lint-stream.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { lintClock, lintFetch } from '../support/lint-access.ts';
import { type LlReader, openReaders } from '../support/ll-reader.ts';
import { Tallylight } from '../support/tallylight.ts';

/** Ten minutes and an hour of this are in `tests/long/steady-state.test.ts`. */
const SECONDS = 8;

const FRAME_RATES = [
  { fps: '24000/1001', gop: 48 },
  { fps: '25', gop: 50 },
  { fps: '30000/1001', gop: 60 },
  { fps: '30', gop: 60 },
  { fps: '50', gop: 100 },
  { fps: '60', gop: 120 },
];
const SAMPLING_RATES = [48_000, 44_100, 32_000, 22_050, 16_000];

let server: Tallylight;
const sources: FlvSource[] = [];
const readers = new Map<string, readonly LlReader[]>();
let report: LintReport;

beforeAll(async () => {
  server = await Tallylight.start({ env: { LADDER: 'off', RTMP_MAX_PENDING_PER_ADDRESS: '64' } });
  const streams = [
    ...FRAME_RATES.map(({ fps, gop }) => ({ name: nameOf(fps), clip: { fps, gop, seconds: 12 } })),
    ...SAMPLING_RATES.map((audio) => ({ name: `aac${audio}`, clip: { video: false, audio, seconds: 12 } })),
  ];
  const files = await Promise.all(streams.map(({ clip }) => makeClip(clip)));
  const keys = await Promise.all([...streams.map(({ name }) => server.addKey(name)), server.addKey('lint')]);
  const follow = async (name: string, at: number): Promise<void> => {
    sources.push(
      await FlvSource.start({ port: server.rtmpPort, key: keys[at] ?? '', files: [files[at] ?? ''] }),
    );
    const opened = await openReaders(server.playlistUrl(name));
    readers.set(name, opened);
    await Promise.all(opened.map((reader) => reader.follow(SECONDS)));
  };
  const lint = async (): Promise<void> => {
    const file = await makeClip();
    sources.push(await FlvSource.start({ port: server.rtmpPort, key: keys.at(-1) ?? '', files: [file] }));
    const url = server.playlistUrl('lint');
    await openReaders(url);
    report = await lintStream({ url, seconds: SECONDS, fetch: lintFetch, clock: lintClock });
  };
  await Promise.all([...streams.map(({ name }, at) => follow(name, at)), lint()]);
});

afterAll(async () => {
  for (const source of sources) source.kill();
  await server.stop();
});

describe('scenarios 3 and 4: parts fit the target, and time has no hole', () => {
  test.each(FRAME_RATES)('video at $fps fps', ({ fps }) => {
    expect(readers.get(nameOf(fps))?.map(({ id }) => id)).toEqual(['source', 'audio']);
    for (const reader of readers.get(nameOf(fps)) ?? []) checkParts(reader);
  });

  test.each(SAMPLING_RATES)('AAC at %i Hz', (rate) => {
    expect(readers.get(`aac${rate}`)?.map(({ id }) => id)).toEqual(['audio']);
    for (const reader of readers.get(`aac${rate}`) ?? []) checkParts(reader);
  });
});

describe('scenario 2: a steady stream', () => {
  test('every version of every playlist keeps the rules that playlists show', () => {
    expect(report.problems).toEqual([]);
    expect(report.findings.filter(({ level }) => level === 'MUST')).toEqual([]);
    for (const { versions } of report.playlists) expect(versions).toBeGreaterThan(SECONDS * 4);
  });
});

function nameOf(fps: string): string {
  return `fps${fps.replace('/', '-')}`;
}

function checkParts(reader: LlReader): void {
  expect(reader.mediaSec).toBeGreaterThanOrEqual(SECONDS);
  expect(reader.problems).toEqual([]);
  expect(reader.wrongDurations).toEqual([]);
  expect(reader.shortParts).toEqual([]);
  expect(reader.holes).toEqual([]);
  expect(reader.dependentSegments).toEqual([]);
}
