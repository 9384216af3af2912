import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { type LlReader, openReaders } from '../support/ll-reader.ts';
import { Tallylight } from '../support/tallylight.ts';

/** Keyframes that no clock would make: 0, 0.5, 0.7, 2.1, 4.4, 4.5, 7, … seconds. */
const IRREGULAR = '0,0.5,0.7,2.1,4.4,4.5,7,7.3,9.7,12';

const SOURCES = [
  { name: 'irregular', clip: { gop: 600, extra: ['-force_key_frames', IRREGULAR] }, fromMs: 0 },
  { name: 'long', clip: { gop: 250, bFrames: 2 }, fromMs: 0 },
  { name: 'short', clip: { gop: 7 }, fromMs: 0 },
  { name: 'midway', clip: { gop: 60 }, fromMs: 500 },
];

describe('scenario 18: GOPs that are long, irregular, or begin without an IDR', () => {
  let server: Tallylight;
  const sources: FlvSource[] = [];
  const readers = new Map<string, readonly LlReader[]>();

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: '144p:100k', CPU_BUDGET_CORES: '8' } });
    await Promise.all(
      SOURCES.map(async ({ name, clip, fromMs }) => {
        const file = await makeClip({ seconds: 20, ...clip });
        const key = await server.addKey(name);
        sources.push(await FlvSource.start({ port: server.rtmpPort, key, files: [file], fromMs }));
        const opened = await openReaders(server.playlistUrl(name), { atLeast: 3 });
        readers.set(name, opened);
        await Promise.all(opened.map((reader) => reader.follow(11)));
      }),
    );
  });

  afterAll(async () => {
    for (const source of sources) source.kill();
    await server.stop();
  });

  test.each(SOURCES)('$name: no segment exceeds the target, each begins with a keyframe', ({ name }) => {
    const opened = readers.get(name) ?? [];
    expect(opened.map(({ id }) => id)).toEqual(['source', '144p', 'audio']);
    for (const reader of opened) {
      expect(reader.problems).toEqual([]);
      expect(reader.wrongDurations).toEqual([]);
      expect(reader.holes).toEqual([]);
      expect(reader.dependentSegments).toEqual([]);
      const { segments = [], targetDurationSec = 0 } = reader.playlist ?? {};
      expect(segments.filter(({ durationSec }) => Math.round(durationSec) > targetDurationSec)).toEqual([]);
      expect(reader.parts.length).toBeGreaterThan(40);
    }
  });

  test('a publisher with a long GOP is told of it in the log', () => {
    const warned = server.log.filter((line) => line['streamId'] === 'long' && line['level'] === 'warn');
    expect(JSON.stringify(warned)).toMatch(/keyframe|GOP/i);
  });
});
