import { describe, expect, test } from 'vitest';
import { BandwidthEstimator } from './bandwidth-estimator.ts';
import { type Choosable, RenditionChoice } from './rendition-choice.ts';
import { type LinkOptions, seeded, simulate } from './testing/bottleneck-link.ts';

const LADDER: readonly Choosable[] = [
  { id: '1080p', bitrateBps: 5_000_000 },
  { id: '720p', bitrateBps: 2_500_000 },
  { id: '480p', bitrateBps: 1_200_000 },
  { id: '360p', bitrateBps: 700_000 },
];

/** What a run showed every 50 ms. */
interface Sample {
  readonly ms: number;
  readonly estimateBps: number;
  readonly chosen: string | undefined;
  readonly queueMs: number;
}

/** A viewer of one rendition, whatever the estimate says. */
function watchOne(bitrateBps: number, link: LinkOptions, durationMs: number, startBps?: number): Sample[] {
  const estimator = new BandwidthEstimator(startBps === undefined ? {} : { startBps });
  const samples: Sample[] = [];
  const sender = {
    bitrateBps,
    onFeedback(results: Parameters<BandwidthEstimator['onFeedback']>[0], nowMs: number) {
      estimator.onFeedback(results, nowMs);
      const { estimateBps, standingQueueMs } = estimator;
      samples.push({ ms: nowMs, estimateBps, chosen: undefined, queueMs: standingQueueMs });
    },
  };
  simulate(link, sender, durationMs, seeded(7));
  return samples;
}

/** A viewer whose rendition follows the estimate. */
function watchLadder(link: LinkOptions, durationMs: number, seed = 7): Sample[] {
  const estimator = new BandwidthEstimator();
  const choice = new RenditionChoice();
  const samples: Sample[] = [];
  const bitrate = (id: string | undefined): number => LADDER.find((each) => each.id === id)?.bitrateBps ?? 0;
  const sender = {
    bitrateBps: bitrate(choice.choose(LADDER, estimator, 0)),
    onFeedback(results: Parameters<BandwidthEstimator['onFeedback']>[0], nowMs: number) {
      estimator.onFeedback(results, nowMs);
      const chosen = choice.choose(LADDER, estimator, nowMs);
      sender.bitrateBps = bitrate(chosen);
      samples.push({
        ms: nowMs,
        estimateBps: estimator.estimateBps,
        chosen,
        queueMs: estimator.standingQueueMs,
      });
    },
  };
  simulate(link, sender, durationMs, seeded(seed));
  return samples;
}

function at(samples: readonly Sample[], ms: number): Sample {
  const found = samples.findLast((sample) => sample.ms <= ms);
  if (found === undefined) throw new Error(`nothing before ${ms} ms`);
  return found;
}

function switches(samples: readonly Sample[], fromMs: number): number {
  const late = samples.filter(({ ms }) => ms >= fromMs);
  return late.filter((sample, i) => i > 0 && sample.chosen !== late[i - 1]?.chosen).length;
}

const mbps = (value: number) => (): number => value * 1_000_000;

describe('BandwidthEstimator over a simulated link', () => {
  test('a wide link is believed to be wider than what is sent, and never narrower', () => {
    const samples = watchOne(2_500_000, { rateBps: mbps(20), queueMs: 300, delayMs: 20 }, 20_000);
    expect(at(samples, 20_000).estimateBps).toBeGreaterThan(6_000_000);
    expect(Math.min(...samples.map(({ estimateBps }) => estimateBps))).toBeGreaterThanOrEqual(2_500_000);
  });

  test('a link too narrow for what is sent is found out within 2 s', () => {
    const samples = watchOne(
      2_500_000,
      { rateBps: mbps(1.5), queueMs: 1000, delayMs: 20 },
      10_000,
      4_000_000,
    );
    expect(at(samples, 2000).estimateBps).toBeLessThan(1_500_000);
    expect(at(samples, 2000).estimateBps).toBeGreaterThan(700_000);
  });

  test('keyframes that queue for a moment are no congestion', () => {
    // A keyframe of 60 kB takes 140 ms on this link.
    const samples = watchOne(2_500_000, { rateBps: mbps(3.4), queueMs: 500, delayMs: 20 }, 30_000);
    expect(Math.min(...samples.map(({ estimateBps }) => estimateBps))).toBeGreaterThanOrEqual(2_500_000);
  });

  test('2 % of random loss and 10 ms of jitter take nothing away', () => {
    const link = { rateBps: mbps(20), queueMs: 300, delayMs: 25, jitterMs: 10, loss: 0.02 };
    const samples = watchOne(2_500_000, link, 30_000);
    expect(Math.min(...samples.map(({ estimateBps }) => estimateBps))).toBeGreaterThanOrEqual(2_500_000);
  });

  test('20 % of loss takes the estimate below what is sent', () => {
    const samples = watchOne(2_500_000, { rateBps: mbps(20), queueMs: 300, delayMs: 25, loss: 0.2 }, 10_000);
    expect(at(samples, 10_000).estimateBps).toBeLessThan(2_000_000);
  });

  test('bounds hold', () => {
    const estimator = new BandwidthEstimator({ startBps: 10, minBps: 300_000, maxBps: 400_000 });
    expect(estimator.estimateBps).toBe(300_000);
    simulate(
      { rateBps: mbps(20), queueMs: 300, delayMs: 5 },
      { bitrateBps: 2_500_000, onFeedback: (results, nowMs) => estimator.onFeedback(results, nowMs) },
      10_000,
      seeded(1),
    );
    expect(estimator.estimateBps).toBe(400_000);
  });
});

describe('the rendition a viewer gets over a simulated link', () => {
  test('on a wide link it is the highest within 15 s, and stays so', () => {
    const samples = watchLadder({ rateBps: mbps(20), queueMs: 300, delayMs: 20 }, 60_000);
    expect(at(samples, 15_000).chosen).toBe('1080p');
    expect(switches(samples, 15_000)).toBe(0);
  });

  test('when the link becomes narrow it falls within 1.5 s, and the queue is gone 10 s later', () => {
    const rateBps = (ms: number): number => (ms < 30_000 ? 20_000_000 : 1_000_000);
    const samples = watchLadder({ rateBps, queueMs: 800, delayMs: 20 }, 60_000);
    expect(at(samples, 29_000).chosen).toBe('1080p');
    expect(at(samples, 31_500).chosen).toBe('360p');
    expect(at(samples, 42_000).queueMs).toBeLessThan(30);
  });

  test('when the link becomes wide again it climbs back to the highest within 60 s', () => {
    const rateBps = (ms: number): number => (ms > 20_000 && ms < 40_000 ? 1_000_000 : 20_000_000);
    const samples = watchLadder({ rateBps, queueMs: 800, delayMs: 20 }, 110_000);
    expect(at(samples, 39_000).chosen).toBe('360p');
    expect(at(samples, 100_000).chosen).toBe('1080p');
  });

  test.each([1, 2, 3])('on a link between two renditions it seldom changes (seed %i)', (seed) => {
    const link = { rateBps: mbps(3.5), queueMs: 400, delayMs: 25, jitterMs: 5, loss: 0.005 };
    const samples = watchLadder(link, 180_000, seed);
    expect(switches(samples, 30_000)).toBeLessThanOrEqual(6);
    const late = samples.filter(({ ms }) => ms > 30_000);
    const share = late.filter(({ chosen }) => chosen === '720p').length / late.length;
    expect(share).toBeGreaterThan(0.8);
  });
});
