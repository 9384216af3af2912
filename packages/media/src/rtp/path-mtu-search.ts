import type { TransportFeedback } from './rtcp/transport-feedback.ts';

/** RFC 8899 §5.1.2. */
const MAX_PROBES = 3;
/** PROBE_TIMER, RFC 8899 §5.1.1, at its least: feedback comes a round trip and 0.1 s after a probe. */
const PROBE_TIMER_MS = 1000;
/** PMTU_RAISE_TIMER, RFC 8899 §5.1.1: after a search without success. */
const RAISE_TIMER_MS = 600_000;
/** Transport-wide numbers come round; feedback that is later than that may be about another packet. */
const ANSWER_MS = 10_000;
/** To the first search after a black hole; then twice as long each time. */
const FIRST_RETRY_MS = 10_000;

/**
 * Whether the path to a receiver carries packets of one larger size: the search of RFC 8899 with transport-wide feedback as the
 * acknowledgement, from the base size, which every path carries, to one other. Who sends asks `isDue`, sends a probe of that size,
 * and tells; a probe that does not come costs one packet, which the receiver asks for again.
 */
export class PathMtuSearch {
  #confirmed = false;
  #probes = 0;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #awaited: number[] = [];
  #probedAtMs = 0;
  #retryMs = FIRST_RETRY_MS;

  /** True while the path carries the larger size. */
  get isConfirmed(): boolean {
    return this.#confirmed;
  }

  /** True while feedback about a probe may come. */
  get isAwaiting(): boolean {
    return this.#awaited.length > 0;
  }

  /** Searches from then on. */
  start(atMs: number): void {
    this.#dueAtMs = atMs;
  }

  /** True when a probe is to be sent. */
  isDue(nowMs: number): boolean {
    return !this.#confirmed && nowMs >= this.#dueAtMs;
  }

  /** A probe went out under this transport-wide number; undefined when our own system refused its size. */
  probed(transportSequence: number | undefined, nowMs: number): void {
    this.#forgetOld(nowMs);
    if (transportSequence !== undefined) this.#awaited.push(transportSequence);
    this.#probes += 1;
    this.#probedAtMs = nowMs;
    this.#dueAtMs = nowMs + (this.#probes < MAX_PROBES ? PROBE_TIMER_MS : RAISE_TIMER_MS);
  }

  /** The receiver says which packets came; true when that confirms the larger size. */
  feedback(feedback: Pick<TransportFeedback, 'baseSequence' | 'arrivalsMs'>, nowMs: number): boolean {
    this.#forgetOld(nowMs);
    const { baseSequence, arrivalsMs } = feedback;
    const hasCome = (sequence: number): boolean =>
      arrivalsMs[(sequence - baseSequence) & 0xffff] !== undefined;
    if (!this.#awaited.some(hasCome)) return false;
    this.#awaited = [];
    this.#confirmed = true;
    return true;
  }

  /** Packets seem to vanish, RFC 8899 §4.3: back to the base size, and another search later; true when the larger was in use. */
  blackHole(nowMs: number): boolean {
    if (!this.#confirmed) return false;
    this.#confirmed = false;
    this.#probes = 0;
    this.#dueAtMs = nowMs + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, RAISE_TIMER_MS);
    return true;
  }

  #forgetOld(nowMs: number): void {
    if (nowMs - this.#probedAtMs > ANSWER_MS) this.#awaited = [];
  }
}
