import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { openReaders } from '../support/ll-reader.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';

const CASES = [
  {
    name: 'with a keyframe every two seconds',
    keyframes: ['-force_key_frames', 'expr:gte(t,n_forced*2)'],
    switches: 0,
  },
  // An encoder that counts frames: its 60 frames are a minute at 1 fps, so keyframes become ours, and theirs again.
  { name: 'with a keyframe every 60 frames', keyframes: [], switches: 2 },
];

describe('a screen share that drops from 30 to 1 fps for 20 s while audio goes on', () => {
  let server: Tallylight;

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: '144p:100k' } });
  });

  afterAll(() => server.stop());

  // Only parts that came late have a second chance, for a machine that does something else just then.
  const retry = { count: 1, condition: /^in time/ };
  test.each(CASES)('$name: nothing stalls', { retry }, async ({ keyframes, switches }) => {
    const streamId = `share-${switches}-${Date.now()}`;
    const filter = "select='lt(t,6)+gte(t,26)+lt(mod(n,30),1)'";
    const file = await makeClip({ filter, seconds: 40, extra: ['-fps_mode', 'vfr', ...keyframes] });
    const key = await server.addKey(streamId);
    const publisher = FfmpegPublisher.start([
      ...['-v', 'warning', '-re', '-i', file, '-max_interleave_delta', '1000'],
      ...['-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`],
    ]);
    const readers = await openReaders(server.playlistUrl(streamId), { atLeast: 3 });
    await Promise.all(readers.map((reader) => reader.follow(34)));
    await publisher.stop();
    for (const reader of readers) {
      expect(reader.problems).toEqual([]);
      expect(reader.holes).toEqual([]);
      expect(reader.wrongDurations).toEqual([]);
      expect(reader.dependentSegments).toEqual([]);
      expect(reader.parts.filter(({ discontinuity }) => discontinuity).length).toBeLessThanOrEqual(switches);
    }
    for (const reader of readers) {
      expect(reader.playBack(0.5), `in time: ${reader.id}`).toEqual({ stalls: 0, stalledMs: 0 });
    }
  });
});
