import { describe, expect, test } from 'vitest';
import { defaultPackagerOptions } from '../packager/packager-options.ts';
import { SegmentClock } from '../packager/segment-clock.ts';
import { WallClockMapping } from '../stream/wall-clock.ts';
import { GopWatch } from './gop-watch.ts';

/** Plays 30 fps with keyframes at these times and tells when the watch first spoke, and what it said. */
function watch(
  keyframesMs: readonly number[],
  untilMs: number,
  onRequest = false,
): { atMs: number; cutMs: number } | undefined {
  const clock = new SegmentClock(defaultPackagerOptions, new WallClockMapping(), {
    msn: 1,
    discontinuitySequence: 0,
  });
  const watcher = new GopWatch(clock, onRequest);
  for (let ms = 0; ms <= untilMs; ms += 20) {
    const cutMs = watcher.tooLong(ms);
    if (cutMs !== undefined) return { atMs: ms, cutMs };
    clock.offer({ ptsMs: ms, keyframe: keyframesMs.includes(ms) });
  }
  return undefined;
}

describe('GopWatch', () => {
  test('says nothing of a keyframe every two seconds, nor of shorter GOPs', () => {
    expect(watch([0, 2000, 4000, 6000], 7900)).toBeUndefined();
    expect(watch([0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000], 4400)).toBeUndefined();
  });

  test('speaks a second before a segment would outlast its target', () => {
    expect(watch([0], 10_000)).toEqual({ atMs: 2300, cutMs: 3300 });
  });

  test('gives a publisher that is asked for keyframes the time to answer, whatever its last GOPs were', () => {
    expect(watch([0, 1000, 2600, 3100, 5200], 7700, true)).toBeUndefined();
    expect(watch([0], 10_000, true)).toEqual({ atMs: 2700, cutMs: 3300 });
  });

  test('says nothing before the publisher’s first keyframe', () => {
    expect(watch([], 10_000)).toBeUndefined();
  });
});
