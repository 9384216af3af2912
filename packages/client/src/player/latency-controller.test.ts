import { describe, expect, test } from 'vitest';
import { LatencyController } from './latency-controller.ts';
import { type SimulationStep, simulateLive } from './testing/live-simulation.ts';

/** Deterministic noise from 0 to 1. */
function noise(index: number): number {
  const value = Math.sin(index * 12.9898) * 43_758.5453;
  return value - Math.floor(value);
}

function p95LatencyAfter(steps: readonly SimulationStep[], fromSec: number): number {
  const settled = steps.filter((step) => step.timeSec >= fromSec).map((step) => step.latencySec);
  settled.sort((a, b) => a - b);
  return settled[Math.floor(settled.length * 0.95)] ?? Number.NaN;
}

function stallsOf(steps: readonly SimulationStep[]): number {
  return steps.at(-1)?.stalls ?? Number.NaN;
}

describe('LatencyController on a simulated stream of 200 ms parts', () => {
  test('a calm network settles at trough + part within a few seconds, without a stall', () => {
    const steps = simulateLive({ partSec: 0.2, delaySec: () => 0.01, startBufferSec: 0.65, durationSec: 60 });
    expect(stallsOf(steps)).toBe(0);
    expect(p95LatencyAfter(steps, 10)).toBeLessThan(0.6);
    expect(p95LatencyAfter(steps, 10)).toBeGreaterThan(0.4);
  });

  test('a big buffer at the start is given away by one seek, not by minutes of haste', () => {
    const steps = simulateLive({ partSec: 0.2, delaySec: () => 0.01, startBufferSec: 3, durationSec: 10 });
    expect(stallsOf(steps)).toBe(0);
    expect(p95LatencyAfter(steps, 5)).toBeLessThan(0.7);
  });

  test('parts that come up to 250 ms late raise the trough, and it does not stall for ever', () => {
    const steps = simulateLive({
      partSec: 0.2,
      delaySec: (index) => 0.25 * noise(index) ** 4,
      startBufferSec: 0.65,
      durationSec: 120,
    });
    expect(stallsOf(steps)).toBeLessThanOrEqual(1);
    expect(p95LatencyAfter(steps, 20)).toBeLessThan(1.2);
  });

  test('parts of 333 ms settle as well', () => {
    const steps = simulateLive({
      partSec: 1 / 3,
      delaySec: () => 0.01,
      startBufferSec: 1.1,
      durationSec: 60,
    });
    expect(stallsOf(steps)).toBe(0);
    expect(p95LatencyAfter(steps, 15)).toBeLessThan(0.8);
  });

  test('an outage of 3 s stalls once; 60 s later the latency is what it was', () => {
    const outage = (index: number): number => {
      const atSec = (index + 1) * 0.2;
      return atSec > 110 && atSec < 113 ? 113 - atSec : 0.01;
    };
    const steps = simulateLive({ partSec: 0.2, delaySec: outage, startBufferSec: 0.65, durationSec: 90 });
    expect(stallsOf(steps)).toBe(1);
    expect(p95LatencyAfter(steps, 80)).toBeLessThan(0.6);
  });
});

describe('LatencyController', () => {
  const reading = { bufferSec: 0.5, bufferEndSec: 10, latencySec: 0.6 };

  test('a stall raises the target by 0.5 s, four of them by no more than 2 s', () => {
    const controller = new LatencyController();
    controller.noteStall(0, true);
    expect(controller.targetTroughSec).toBeCloseTo(0.8);
    for (let stall = 0; stall < 6; stall += 1) {
      controller.noteStall(0, true);
    }
    expect(controller.targetTroughSec).toBeCloseTo(2.3);
  });

  test('a stall that is the publisher’s fault raises nothing', () => {
    const controller = new LatencyController();
    controller.noteStall(0, false);
    expect(controller.targetTroughSec).toBeCloseTo(0.3);
  });

  test('what stalls added is kept for 10 s and then given back by 0.05 s a second', () => {
    const controller = new LatencyController();
    controller.noteStall(0, true);
    const targetAt = (fromMs: number, toMs: number): number => {
      for (let nowMs = fromMs; nowMs <= toMs; nowMs += 50) {
        controller.update({ ...reading, nowMs, bufferEndSec: nowMs / 1000 });
      }
      return controller.targetTroughSec;
    };
    expect(targetAt(0, 10_000)).toBeCloseTo(0.8);
    expect(targetAt(10_050, 15_000)).toBeCloseTo(0.55);
    expect(targetAt(15_050, 25_000)).toBeCloseTo(0.3);
  });

  test('more than 8 s behind, it asks for the edge', () => {
    const controller = new LatencyController();
    expect(controller.update({ ...reading, nowMs: 0, latencySec: 8.1 })).toEqual({
      rate: 1,
      skipSec: 0,
      jumpToEdge: true,
    });
  });

  test('the rate never leaves 0.95 to 1.25, except for the refill after a stall', () => {
    const controller = new LatencyController();
    for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
      const { rate } = controller.update({
        nowMs,
        bufferSec: 5 * noise(nowMs),
        bufferEndSec: nowMs / 1000,
        latencySec: 1,
      });
      expect(rate).toBeGreaterThanOrEqual(0.95);
      expect(rate).toBeLessThanOrEqual(1.25);
    }
  });

  test('a hidden tab, which gets one reading a second, is never hurried', () => {
    const controller = new LatencyController();
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1_000) {
      const decision = controller.update({ ...reading, nowMs, bufferSec: 2, bufferEndSec: nowMs / 1000 });
      expect(decision.rate).toBeLessThanOrEqual(1);
      expect(decision.skipSec).toBe(0);
    }
  });

  test('after a stall playback waits for the base trough, but for 2 s at most', () => {
    const controller = new LatencyController();
    controller.noteStall(0, true);
    expect(controller.update({ ...reading, nowMs: 50, bufferSec: 0.1 }).rate).toBe(0);
    expect(controller.update({ ...reading, nowMs: 1_000, bufferSec: 0.2 }).rate).toBe(0);
    expect(controller.update({ ...reading, nowMs: 2_100, bufferSec: 0.2 }).rate).not.toBe(0);
  });
});
