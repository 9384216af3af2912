import { describe, expect, test } from 'vitest';
import { whepReading } from './testing/whep-readings.ts';
import { WhepLatency } from './whep-latency.ts';
import type { WhepReading } from './whep-reading.ts';

/** 30 pictures a second, each 40 ms from its first packet to the decoded picture, 60 ms there and back. */
function reading(nowMs: number, change: Partial<WhepReading> = {}): WhepReading {
  const frames = (nowMs / 1000) * 30;
  return whepReading({
    nowMs,
    framesDecoded: frames,
    processingSec: frames * 0.04,
    jitterBufferSec: frames * 0.03,
    jitterBufferEmitted: frames,
    decodeSec: frames * 0.005,
    roundTripSec: 0.06,
    ...change,
  });
}

function after(readings: readonly WhepReading[]): WhepLatency {
  const latency = new WhepLatency();
  for (const each of readings) {
    latency.add(each);
  }
  return latency;
}

describe('WhepLatency', () => {
  test('is unknown before a picture was timed', () => {
    expect(after([reading(0)]).estimate(undefined)).toBeUndefined();
  });

  test('by the path: half the round trip, buffer and decoder, and 25 ms of screen', () => {
    const estimate = after([reading(0), reading(1_000)]).estimate(undefined);
    expect(estimate?.basis).toBe('path');
    expect(estimate?.latencyMs).toBeCloseTo(30 + 40 + 25);
  });

  test('without totalProcessingDelay, buffer and decoder are added up', () => {
    const without = { processingSec: 0 };
    const latency = after([reading(0, without), reading(1_000, without)]);
    expect(latency.pathMs).toBeCloseTo(30 + 35 + 25);
  });

  test("by the sender's report when the path does not contradict it", () => {
    const latency = after([reading(0), reading(1_000, { playoutEpochMs: 1_000_000 })]);
    expect(latency.estimate(1_000_180)).toEqual({ latencyMs: 180, basis: 'sender-report' });
    expect(latency.estimate(1_000_010)?.basis).toBe('path');
    expect(latency.estimate(1_060_000)?.basis).toBe('path');
    expect(latency.estimate(undefined)?.basis).toBe('path');
  });

  test('follows the last two seconds, not the whole session', () => {
    const slow = [reading(0), reading(1_000)];
    const quick = [2_000, 3_000, 4_000, 5_000].map((nowMs) =>
      reading(nowMs, { processingSec: 1.2 + (nowMs / 1000 - 1) * 30 * 0.01 }),
    );
    expect(after([...slow, ...quick]).pathMs).toBeCloseTo(30 + 10 + 25);
  });
});
