import { describe, expect, test } from 'vitest';
import { segmentBitrates, variantBandwidth } from './bandwidth.ts';
import { canSkipUntilSec, holdBackSec, partHoldBackSec, partsListedSec } from './hold-back.ts';
import { fitsTargetDuration, targetDurationFor } from './target-duration.ts';

describe('EXT-X-SERVER-CONTROL distances (rfc8216bis §4.4.3.8)', () => {
  test('are the multiples that the draft and the authoring specification ask for', () => {
    expect(holdBackSec(3)).toBe(9);
    expect(canSkipUntilSec(3)).toBe(18);
    expect(partHoldBackSec(0.216)).toBeCloseTo(0.648, 9);
    expect(partsListedSec(3)).toBe(9);
  });
});

describe('EXT-X-TARGETDURATION (§4.4.3.1)', () => {
  test('holds durations that round to it', () => {
    expect(fitsTargetDuration(3.499, 3)).toBe(true);
    expect(fitsTargetDuration(3.5, 3)).toBe(false);
    expect(targetDurationFor(2.4)).toBe(2);
    expect(targetDurationFor(0.1)).toBe(1);
  });
});

describe('segmentBitrates (§4.1)', () => {
  const second = (byteLength: number) => ({ byteLength, durationSec: 1 });

  test('the peak is over runs of half to one and a half target durations', () => {
    // One second is below half of 3: runs are 2 … 4 segments long, and the best holds 3000 bytes in 2 s.
    const sizes = [second(500), second(2000), second(1000), second(500)];
    expect(segmentBitrates(sizes, 3)).toEqual({ peakBps: 12_000, averageBps: 8000 });
  });

  test('a segment longer than a run counts alone', () => {
    expect(segmentBitrates([{ byteLength: 1250, durationSec: 10 }, second(125)], 2)).toEqual({
      peakBps: 1000,
      averageBps: 1000,
    });
  });

  test('the average stands in while there is less than a run', () => {
    expect(segmentBitrates([second(125)], 4)).toEqual({ peakBps: 1000, averageBps: 1000 });
    expect(segmentBitrates([], 4)).toBeUndefined();
  });

  test('a variant adds the most demanding rendition of its audio group', () => {
    const video = { peakBps: 1000, averageBps: 800 };
    const audio = [
      { peakBps: 100, averageBps: 90 },
      { peakBps: 200, averageBps: 80 },
    ];
    expect(variantBandwidth(video, audio)).toEqual({ peakBps: 1200, averageBps: 890 });
    expect(variantBandwidth(undefined, [])).toEqual({ peakBps: 0, averageBps: 0 });
  });
});
