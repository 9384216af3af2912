import { describe, expect, test } from 'vitest';
import { type ProgressInput, ProgressWatch } from './progress-watch.ts';

const standing: ProgressInput = {
  nowMs: 0,
  currentTimeSec: 5,
  expected: true,
  ready: true,
  playlistEnded: false,
  publisherSilent: false,
};

/** A watch whose playhead reached 5 s at time 0. */
function watchAtFive(): ProgressWatch {
  const watch = new ProgressWatch();
  watch.tick(standing);
  return watch;
}

describe('ProgressWatch', () => {
  test('a standstill is waiting after 1 s and stuck after 10 s', () => {
    const watch = watchAtFive();
    expect(watch.tick({ ...standing, nowMs: 900 })).toBe('fine');
    expect(watch.tick({ ...standing, nowMs: 1_100 })).toBe('waiting');
    expect(watch.tick({ ...standing, nowMs: 10_100 })).toBe('stuck');
  });

  test('a silent publisher is waited for, and the pipeline left alone', () => {
    expect(watchAtFive().tick({ ...standing, nowMs: 60_000, publisherSilent: true })).toBe('waiting');
  });

  test('at the end of an ended playlist a standstill is the end', () => {
    expect(
      watchAtFive().tick({ ...standing, nowMs: 1_600, playlistEnded: true, publisherSilent: true }),
    ).toBe('ended');
  });

  test('a pause is no standstill, and does not count towards one', () => {
    const watch = watchAtFive();
    expect(watch.tick({ ...standing, nowMs: 60_000, expected: false })).toBe('fine');
    expect(watch.tick({ ...standing, nowMs: 60_050 })).toBe('fine');
  });

  test('movement with media ahead ends the waiting, a seek does not', () => {
    const watch = watchAtFive();
    expect(watch.tick({ ...standing, nowMs: 50, currentTimeSec: 9, ready: false })).toBe('fine');
    expect(watch.tick({ ...standing, nowMs: 100, currentTimeSec: 9.05 })).toBe('moving');
  });
});
