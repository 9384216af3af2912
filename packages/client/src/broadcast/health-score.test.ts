import { describe, expect, test } from 'vitest';
import { type HealthInput, healthScore } from './health-score.ts';

const well: HealthInput = {
  bitrateBps: 2_400_000,
  targetBitrateBps: 2_500_000,
  maxBitrateBps: 2_500_000,
  framesPerSecond: 30,
  expectedFramesPerSecond: 30,
  sourceFramesPerSecond: 30,
  rttMs: 20,
  lossFraction: 0,
  limitation: 'none',
};

describe('healthScore', () => {
  test.each([
    ['all is well', {}, 100, 'Good', undefined],
    [
      'a quiet picture needs few bits',
      { bitrateBps: 90_000, targetBitrateBps: 900_000 },
      100,
      'Good',
      undefined,
    ],
    ['nothing leaves', { bitrateBps: 0 }, 0, 'Poor', 'nothing-sent'],
    ['a round trip of 100 ms is good', { rttMs: 100 }, 100, 'Good', undefined],
    ['one of 250 ms is just fair', { rttMs: 250 }, 79, 'Fair', 'network'],
    ['one of 2 s costs no more than one of 500 ms', { rttMs: 2_000 }, 60, 'Fair', 'network'],
    ['1 % loss is good', { lossFraction: 0.01 }, 100, 'Good', undefined],
    ['3 % is just fair', { lossFraction: 0.03 }, 79, 'Fair', 'network'],
    ['5 % is poor', { lossFraction: 0.05 }, 49, 'Poor', 'network'],
    ['all packets lost', { lossFraction: 1 }, 30, 'Poor', 'network'],
    ['95 % of the frames are good', { framesPerSecond: 28.5 }, 100, 'Good', undefined],
    ['80 % are poor', { framesPerSecond: 24 }, 49, 'Poor', 'computer'],
    [
      'a camera in a dim room gives half of its pictures, and the computer is not to blame',
      { framesPerSecond: 15, sourceFramesPerSecond: 15 },
      70,
      'Fair',
      'camera',
    ],
    [
      'a camera that gives no picture leaves no estimate, and the upload is not to blame',
      { bitrateBps: 900, framesPerSecond: 0, sourceFramesPerSecond: 0.2, targetBitrateBps: 300_000 },
      49,
      'Poor',
      'camera',
    ],
    [
      'nor is it when all of a few pictures are encoded',
      { framesPerSecond: 15, sourceFramesPerSecond: 15, targetBitrateBps: 1_750_000 },
      70,
      'Fair',
      'camera',
    ],
    [
      'an upload that is short is to blame, however few pictures are asked of the camera',
      {
        framesPerSecond: 15,
        sourceFramesPerSecond: 15,
        targetBitrateBps: 1_750_000,
        limitation: 'bandwidth',
      },
      1,
      'Poor',
      'upload',
    ],
    [
      'an encoder that is too slow asks the camera for less',
      { framesPerSecond: 15, sourceFramesPerSecond: 15, limitation: 'cpu' },
      6,
      'Poor',
      'computer',
    ],
    [
      'pictures that are not counted at the source',
      { framesPerSecond: 24, sourceFramesPerSecond: undefined },
      49,
      'Poor',
      'computer',
    ],
    [
      'a quiet picture without an estimate of the upload',
      { bitrateBps: 300_000, targetBitrateBps: undefined, framesPerSecond: 29 },
      100,
      'Good',
      undefined,
    ],
    ['more frames than asked for', { framesPerSecond: 60 }, 100, 'Good', undefined],
    [
      'a screen that stands still',
      { framesPerSecond: 1, expectedFramesPerSecond: undefined },
      100,
      'Good',
      undefined,
    ],
    ['the computer is too slow', { limitation: 'cpu' }, 79, 'Fair', 'computer'],
    [
      '90 % of the bitrate is good',
      { limitation: 'bandwidth', targetBitrateBps: 2_250_000 },
      100,
      'Good',
      undefined,
    ],
    ['70 % is poor', { limitation: 'bandwidth', targetBitrateBps: 1_750_000 }, 49, 'Poor', 'upload'],
    [
      'frames that are given up for want of bitrate',
      { framesPerSecond: 24, targetBitrateBps: 1_750_000 },
      1,
      'Poor',
      'upload',
    ],
    [
      'everything at once is one, for something arrives',
      { rttMs: 900, lossFraction: 0.2, framesPerSecond: 2, limitation: 'cpu' },
      1,
      'Poor',
      'network',
    ],
    [
      'figures that are not known yet cost nothing',
      { rttMs: undefined, lossFraction: undefined },
      100,
      'Good',
      undefined,
    ],
  ] as const)('%s', (_words, change, score, word, cause) => {
    expect(healthScore({ ...well, ...change })).toEqual({ score, word, cause });
  });
});
