import { BurstRate } from './congestion/burst-rate.ts';
import { DeliveryRate } from './congestion/delivery-rate.ts';
import { RecentLoss } from './congestion/recent-loss.ts';
import { StandingQueue } from './congestion/standing-queue.ts';
import type { PacketResult } from './sent-history.ts';

/** Bounds of an estimate, in bits a second. */
export interface EstimatorOptions {
  /** Believed before anything is known. Default 3,000,000: the usual 720p. */
  readonly startBps?: number;
  /** Default 100,000. */
  readonly minBps?: number;
  /** Default 50,000,000. */
  readonly maxBps?: number;
}

/** A standing queue of so many milliseconds above the usual, and growing, is congestion. */
const QUEUE_MS = 30;
/**
 * The threshold also grows by so many times the usual standing queue, which is what jitter and the queues of others make: as in
 * draft-ietf-rmcat-gcc-02 §5.4 it adapts, or a path of much jitter would never carry anything.
 */
const USUAL_WEIGHT = 2;
/** Share of each feedback in the usual standing queue: at 50 ms each, it follows in 5 s. */
const USUAL_SHARE = 0.01;
/** Growth within 300 ms that counts, in milliseconds: half the queue threshold a second. */
const QUEUE_GROWTH_MS = 5;
/** A standing queue so long is congestion even when it does not grow: nobody watches live with that. */
const LONG_QUEUE_MS = 150;
/** draft-ietf-rmcat-gcc-02 §6: loss below 2 % lets the estimate grow, above 10 % it falls. */
const LOSS_GROW = 0.02;
const LOSS_FALL = 0.1;
/** draft-ietf-rmcat-gcc-02 §5.5 has β = 0.85: so much of what arrives is sent on, and the queue drains. */
const FALL_TO = 0.85;
/** After a fall the next one waits, in milliseconds, until feedback tells of what was sent since. */
const FALL_PAUSE_MS = 600;
/** Growth a second: 8 % (draft-ietf-rmcat-gcc-02 §5.5); near a rate that failed lately 2 %; before anything failed it doubles. */
const GROWTH = 1.08;
const CAREFUL_GROWTH = 1.02;
const START_GROWTH = 2;
/** Rates within this share of one that failed in the last minute are grown into carefully. */
const NEAR = 0.15;
const FAILURE_MEMORY_MS = 60_000;
/** Nothing that was not carried is believed: at most this multiple of what arrives now … */
const BEYOND_DELIVERED = 1.5;
/** … or this share of what bursts were carried at. */
const OF_BURSTS = 0.85;

/**
 * How many bits a second a viewer's path carries, from transport-wide feedback about what we send: by delay (a standing queue that grows)
 * and by loss. Simpler than the estimator of browsers, for it chooses between a few renditions and sets no encoder: quick to fall, slow to
 * rise. When little is sent the estimate stays below 1.5 times of it, unless the bursts of keyframes show that more would pass.
 */
export class BandwidthEstimator {
  readonly #minBps: number;
  readonly #maxBps: number;
  readonly #queue = new StandingQueue();
  readonly #delivery = new DeliveryRate();
  readonly #bursts = new BurstRate();
  readonly #loss = new RecentLoss();
  #estimateBps: number;
  #updatedMs: number | undefined;
  #fellMs = Number.NEGATIVE_INFINITY;
  /** Rate that congested the path last. */
  #failedBps: number | undefined;
  #limitedBySender = false;
  #usualQueueMs = 0;

  constructor(options: EstimatorOptions = {}) {
    this.#minBps = options.minBps ?? 100_000;
    this.#maxBps = options.maxBps ?? 50_000_000;
    this.#estimateBps = Math.min(Math.max(options.startBps ?? 3_000_000, this.#minBps), this.#maxBps);
  }

  /** Bits a second that the path is believed to carry: all packets with their RTP headers. */
  get estimateBps(): number {
    return this.#estimateBps;
  }

  /** True while the estimate does not rise for the only reason that too little is sent to know better. */
  get limitedBySender(): boolean {
    return this.#limitedBySender;
  }

  /** Share of the last 256 packets that never came, 0…1. */
  get lossFraction(): number {
    return this.#loss.fraction;
  }

  /** How long packets wait in a queue that does not empty, in milliseconds. */
  get standingQueueMs(): number {
    return this.#queue.ms;
  }

  /** Takes what `SentHistory` made of a feedback, at the time it came. */
  onFeedback(results: readonly PacketResult[], nowMs: number): void {
    if (results.length === 0) return;
    this.#queue.add(results);
    this.#usualQueueMs += (this.#queue.ms - this.#usualQueueMs) * USUAL_SHARE;
    this.#delivery.add(results);
    this.#bursts.add(results);
    this.#loss.add(results);
    const elapsedSec = Math.min(Math.max(nowMs - (this.#updatedMs ?? nowMs), 0), 1000) / 1000;
    this.#updatedMs = nowMs;
    const deliveredBps = this.#delivery.bps;
    if (deliveredBps === undefined) return;
    if (this.#congested()) this.#fall(deliveredBps, nowMs);
    else if (this.#queue.ms < this.#thresholdMs() && this.#loss.fraction < LOSS_GROW)
      this.#grow(deliveredBps, nowMs, elapsedSec);
  }

  #congested(): boolean {
    const { ms, growthMs } = this.#queue;
    return (
      (ms > this.#thresholdMs() && growthMs > QUEUE_GROWTH_MS) ||
      ms > LONG_QUEUE_MS ||
      this.#loss.fraction > LOSS_FALL
    );
  }

  #thresholdMs(): number {
    return QUEUE_MS + USUAL_WEIGHT * this.#usualQueueMs;
  }

  #fall(deliveredBps: number, nowMs: number): void {
    this.#limitedBySender = false;
    if (nowMs - this.#fellMs < FALL_PAUSE_MS) return;
    this.#fellMs = nowMs;
    this.#failedBps = deliveredBps;
    // What arrives at a congested link is what the link carries.
    this.#set(Math.min(this.#estimateBps, deliveredBps * FALL_TO));
  }

  #grow(deliveredBps: number, nowMs: number, elapsedSec: number): void {
    const ceilingBps = Math.max(deliveredBps * BEYOND_DELIVERED, (this.#bursts.bps(nowMs) ?? 0) * OF_BURSTS);
    this.#limitedBySender = this.#estimateBps >= ceilingBps && ceilingBps < this.#maxBps;
    if (this.#estimateBps >= ceilingBps) return;
    const grown = this.#estimateBps * this.#growth(nowMs) ** elapsedSec;
    this.#set(Math.min(grown, ceilingBps));
  }

  #growth(nowMs: number): number {
    if (this.#failedBps === undefined) return START_GROWTH;
    const near = Math.abs(this.#estimateBps - this.#failedBps) < this.#failedBps * NEAR;
    return near && nowMs - this.#fellMs < FAILURE_MEMORY_MS ? CAREFUL_GROWTH : GROWTH;
  }

  #set(bps: number): void {
    this.#estimateBps = Math.min(Math.max(bps, this.#minBps), this.#maxBps);
  }
}
