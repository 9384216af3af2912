import { describe, expect, test } from 'vitest';
import { healthScore, type StreamHealthInput } from './health-score.ts';

/** A 720p stream of which nothing can be complained. */
const GOOD: StreamHealthInput = {
  ...{ publishing: true, bitrateKbps: 3000, fps: 30, announcedFps: 30, width: 1280, height: 720 },
  ...{ droppedFrames: 0, encoderSpeed: 1, rttMs: 20, lossFraction: 0 },
};

function score(change: Partial<StreamHealthInput>): number {
  return healthScore({ ...GOOD, ...change });
}

describe('healthScore', () => {
  test('is 100 for a good stream, and for one of which nothing is known', () => {
    expect(score({})).toBe(100);
    const unknown = Object.fromEntries(Object.keys(GOOD).map((name) => [name, undefined]));
    expect(score({ ...unknown, publishing: true, droppedFrames: 0 })).toBe(100);
  });

  test('is 0 while the publisher is away, and never less than 1 while it is there', () => {
    expect(score({ publishing: false })).toBe(0);
    expect(score({ fps: 1, encoderSpeed: 0.1, lossFraction: 0.5, rttMs: 900, droppedFrames: 500 })).toBe(1);
  });

  test.each([
    [1, 100],
    [2, 99],
    [40, 80],
    [4000, 80],
  ])("%d dropped pictures: %d (nchat's term)", (droppedFrames, expected) => {
    expect(score({ droppedFrames })).toBe(expected);
  });

  test.each([
    [2000, 1280, 720, 100],
    [1999, 1280, 720, 90],
    [1000, 1280, 720, 90],
    [999, 1280, 720, 80],
    [999, 1920, 1080, 80],
    [2000, 1920, 1080, 100],
    [500, 640, 360, 100],
    [499, 640, 360, 90],
    [249, 640, 360, 80],
    [0, 1280, 720, 80],
  ])('%d kbit/s at %d×%d: %d', (bitrateKbps, width, height, expected) => {
    expect(score({ bitrateKbps, width, height })).toBe(expected);
  });

  test('sound alone is not measured by the bitrate of pictures', () => {
    expect(score({ bitrateKbps: 64, width: undefined, height: undefined, fps: undefined })).toBe(100);
  });

  test.each([
    [{ rttMs: 100 }, 100],
    [{ rttMs: 250 }, 79],
    [{ lossFraction: 0.01 }, 100],
    [{ lossFraction: 0.03 }, 79],
    [{ lossFraction: 0.05 }, 49],
    [{ fps: 28.5 }, 100],
    [{ fps: 24 }, 49],
    [{ encoderSpeed: 0.97 }, 100],
    [{ encoderSpeed: 0.9 }, 79],
    [{ encoderSpeed: 0.7 }, 49],
    [{ encoderSpeed: 1.5 }, 100],
  ])('%j: %d', (change, expected) => {
    expect(score(change)).toBe(expected);
  });
});
