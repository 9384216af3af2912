import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { FlvSource, isConfiguration } from '../support/flv-source.ts';
import { type LlReader, openReaders } from '../support/ll-reader.ts';
import { Tallylight } from '../support/tallylight.ts';

/** Makes the server's wall clock step: back by 10 s, then forth by 20 s, four seconds each. */
const STEPPING_CLOCK = `
  const now = Date.now;
  const start = now();
  const stepMs = (age) => (age < 6000 ? 0 : age < 10_000 ? -10_000 : 10_000);
  Date.now = () => now() + stepMs(now() - start);
`;

const SOURCES = [
  { name: 'no-audio-for-2s', drop: 'audio' },
  { name: 'no-video-for-2s', drop: 'video' },
  { name: 'steady', drop: undefined },
] as const;

describe('scenario 19: a track falls silent for 2 s, the wall clock steps by 10 s', () => {
  let server: Tallylight;
  const sources: FlvSource[] = [];
  const readers = new Map<string, readonly LlReader[]>();

  beforeAll(async () => {
    const file = await makeClip();
    const hook = `data:text/javascript,${encodeURIComponent(STEPPING_CLOCK)}`;
    server = await Tallylight.start({
      env: { LADDER: 'off', SEGMENT_DURATION_MS: '1000', NODE_OPTIONS: `--import=${hook}` },
    });
    await Promise.all(
      SOURCES.map(async ({ name, drop }) => {
        const key = await server.addKey(name);
        const source = await FlvSource.start({
          port: server.rtmpPort,
          key,
          files: [file],
          edit: (tag, elapsedMs) => {
            const lost = tag.type === drop && elapsedMs > 2900 && elapsedMs < 4900;
            return lost && !isConfiguration(tag) ? undefined : tag;
          },
        });
        sources.push(source);
        const opened = await openReaders(server.playlistUrl(name));
        readers.set(name, opened);
        await Promise.all(opened.map((reader) => reader.follow(12)));
      }),
    );
  });

  afterAll(async () => {
    for (const source of sources) source.kill();
    await server.stop();
  });

  test.each(SOURCES)('$name: decode times go on to the tick, parts keep coming', ({ name }) => {
    for (const reader of readers.get(name) ?? []) {
      expect(reader.problems).toEqual([]);
      expect(reader.holes).toEqual([]);
      expect(reader.wrongDurations).toEqual([]);
      expect(reader.mediaSec).toBeGreaterThanOrEqual(12);
      expect(reader.playBack(0.6)).toEqual({ stalls: 0, stalledMs: 0 });
    }
  });

  test.each(SOURCES)('$name: dates only rise, and by what the segments last', ({ name }) => {
    for (const reader of readers.get(name) ?? []) {
      const segments = reader.playlist?.segments ?? [];
      for (const [index, { programDateTimeMs = Number.NaN, durationSec }] of segments.entries()) {
        const next = segments[index + 1]?.programDateTimeMs;
        if (next === undefined) continue;
        // §6.2.1 tolerates overlaps below a second; ours slews by a few milliseconds a segment.
        expect(Math.abs(next - programDateTimeMs - durationSec * 1000)).toBeLessThan(60);
      }
    }
  });
});
