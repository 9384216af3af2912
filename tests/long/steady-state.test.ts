import { lintStream } from '@tallylight/hls/lint/lint-stream.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { lintClock, lintFetch } from '../support/lint-access.ts';
import { openReaders } from '../support/ll-reader.ts';
import { residentMb } from '../support/process-memory.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';

/** Ten minutes by default; an hour or two with LONG_MINUTES. */
const MINUTES = Number(process.env['LONG_MINUTES'] ?? 10);

describe(`scenarios 2, 5 and 25: ${MINUTES} minutes of one stream`, () => {
  let server: Tallylight;
  let publisher: FfmpegPublisher;

  beforeAll(async () => {
    const file = await makeClip({ fps: '30000/1001', seconds: 60 });
    server = await Tallylight.start({ env: { LADDER: '144p:100k' } });
    const key = await server.addKey('long');
    publisher = FfmpegPublisher.start([
      ...['-v', 'warning', '-re', '-stream_loop', '-1', '-i', file],
      ...['-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`],
    ]);
  });

  afterAll(async () => {
    await publisher.stop();
    await server.stop();
  });

  test('all rules hold in every version, time has no hole, nothing stalls, memory stays', async () => {
    const url = server.playlistUrl('long');
    const readers = await openReaders(url, { atLeast: 3 });
    await Promise.all(readers.map((reader) => reader.follow(30)));
    const beginMb = await residentMb(server.pid);
    const seconds = MINUTES * 60;
    const startedMs = performance.now();
    const startedSec = readers.map(({ mediaSec }) => mediaSec);
    const [report] = await Promise.all([
      lintStream({ url, seconds, fetch: lintFetch, clock: lintClock }),
      ...readers.map((reader) => reader.follow(seconds)),
    ]);
    expect(report.problems).toEqual([]);
    expect(report.findings.filter(({ level }) => level === 'MUST')).toEqual([]);
    const passedSec = (performance.now() - startedMs) / 1000;
    for (const [at, reader] of readers.entries()) {
      expect(reader.problems).toEqual([]);
      expect(reader.holes).toEqual([]);
      expect(reader.wrongDurations).toEqual([]);
      expect(reader.shortParts).toEqual([]);
      expect(reader.dependentSegments).toEqual([]);
      // Twice what our player keeps on a quiet machine.
      expect(reader.playBack(0.8)).toEqual({ stalls: 0, stalledMs: 0 });
      // Scenario 5: what the playlist says has passed is what has passed.
      const mediaSec = reader.mediaSec - (startedSec[at] ?? 0);
      expect(Math.abs(mediaSec - (seconds - 30))).toBeLessThan(1);
      expect(mediaSec).toBeLessThan(passedSec + 2);
    }
    expect((await residentMb(server.pid)) - beginMb).toBeLessThan(80);
  });
});
