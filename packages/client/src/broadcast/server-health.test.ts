import { expect, test } from 'vitest';
import { parseServerHealth } from './server-health.ts';

test('reads what the server says', () => {
  expect(
    parseServerHealth({
      streamId: 'show',
      publishing: true,
      protocol: 'whip',
      health: {
        bitrateBps: 2_400_000,
        framesPerSecond: 29.9,
        lossFraction: 0.01,
        warnings: [{ code: 'B_FRAMES', message: 'B-frames are on.' }, 'x'],
      },
      viewers: { whep: 2, hls: 5, total: 7 },
      startedAtMs: 1_700_000_000_000,
      limits: { maxBitrateBps: 6_000_000, maxShortSide: 1080, maxFrameRate: 'many' },
      reconnectWindowSec: 30,
    }),
  ).toEqual({
    bitrateBps: 2_400_000,
    warnings: [{ code: 'B_FRAMES', message: 'B-frames are on.' }],
    viewers: 7,
    limits: { maxBitrateBps: 6_000_000, maxShortSide: 1080 },
    reconnectWindowSec: 30,
  });
});

test('a stream without a publisher has viewers all the same', () => {
  expect(parseServerHealth({ publishing: false, health: null, viewers: { total: 3 } })).toEqual({
    reconnectWindowSec: undefined,
    limits: {},
    bitrateBps: undefined,
    warnings: [],
    viewers: 3,
  });
});

test('what is no health is undefined', () => {
  expect(parseServerHealth('no')).toBeUndefined();
  expect(parseServerHealth(null)).toBeUndefined();
});
