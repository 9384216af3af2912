import { BandwidthEstimator } from '@tallylight/media/rtp/bandwidth-estimator.ts';
import { RenditionChoice } from '@tallylight/media/rtp/rendition-choice.ts';
import type { TransportFeedback } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import { SentHistory } from '@tallylight/media/rtp/sent-history.ts';
import type { Rendition } from './rendition.ts';

/** What a viewer's line is thought to carry before it was heard of: more than most need, less than a good line has. */
const START_BPS = 4_000_000;

/** What is known of the way to one viewer, and the rendition that it carries. */
export class PathEstimate {
  readonly #history = new SentHistory();
  readonly #estimator: BandwidthEstimator;
  readonly #choice = new RenditionChoice();
  #rttMs: number | undefined;

  /** @param maxBps more is never assumed, in bit/s. */
  constructor(maxBps: number) {
    this.#estimator = new BandwidthEstimator({ startBps: Math.min(START_BPS, maxBps), maxBps });
  }

  /** Round trip in milliseconds; undefined before the first receiver report that tells it. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** What the line carries, in bit/s. */
  get bps(): number {
    return this.#estimator.estimateBps;
  }

  /** The number to write into the packet that goes out next. */
  get nextNumber(): number {
    return this.#history.next;
  }

  /** That packet went out. */
  sent(bytes: number, nowMs: number): void {
    this.#history.sent(bytes, nowMs);
  }

  /** The viewer says when packets came. */
  feedback(feedback: TransportFeedback, nowMs: number): void {
    this.#estimator.onFeedback(this.#history.resolve(feedback), nowMs);
  }

  /** A round trip was measured. */
  roundTrip(rttMs: number): void {
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) / 8;
  }

  /** The rendition to send; undefined when there is none. */
  choose(renditions: readonly Rendition[], nowMs: number): Rendition | undefined {
    if (renditions.length < 2) return renditions[0];
    const offered = renditions.map(({ number, bitrateBps }) => ({ id: String(number), bitrateBps }));
    const id = this.#choice.choose(offered, this.#estimator, nowMs);
    return renditions.find(({ number }) => String(number) === id);
  }
}
