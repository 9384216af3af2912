import { writeTransportFeedback } from './rtcp/transport-feedback.ts';
import { nearest } from './sequence.ts';

/** Arrivals that are remembered, a power of two: packets that come late correct what was said of them. */
const CAPACITY = 2048;
/** Statuses in one feedback packet: at most 936 bytes. */
const MAX_STATUSES = 400;
/** Arrivals further apart go into separate feedback packets: a delta reaches 8.19 s. */
const MAX_DELTA_MS = 8000;

/**
 * Writes down when each packet with a transport-wide sequence number came, and makes the feedback from which the sender estimates
 * the bandwidth (draft-holmer-rmcat-transport-wide-cc-extensions-01). One for all the streams of a connection.
 */
export class TransportFeedbackRecorder {
  /** By unwrapped sequence number modulo the capacity; NaN where nothing came. */
  readonly #arrivals = new Float64Array(CAPACITY).fill(Number.NaN);
  /** The highest number that came and the first one that the next feedback speaks of. */
  #highest = -1;
  #from = 0;
  #started = false;
  #count = 0;

  /** A packet with this transport-wide sequence number came. */
  received(sequence16: number, nowMs: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#highest = sequence16 - 1;
      this.#from = sequence16;
    }
    const number = nearest(sequence16, this.#highest, 0x1_0000);
    if (number > this.#highest) {
      if (number - this.#highest >= CAPACITY) this.#arrivals.fill(Number.NaN);
      else for (let i = this.#highest + 1; i < number; i++) this.#arrivals[i & (CAPACITY - 1)] = Number.NaN;
      this.#highest = number;
      // What nobody asked for in time is forgotten.
      this.#from = Math.max(this.#from, number - CAPACITY + 1);
    } else {
      const slot = this.#arrivals[number & (CAPACITY - 1)] ?? 0;
      // Too old, or a duplicate: the first arrival counts.
      if (number <= this.#highest - CAPACITY || !Number.isNaN(slot)) return;
      this.#from = Math.min(this.#from, number);
    }
    this.#arrivals[number & (CAPACITY - 1)] = nowMs;
  }

  /** One feedback packet about what came since the last; undefined when nothing did. Call it again for the rest. */
  take(options: { readonly senderSsrc: number; readonly mediaSsrc: number }): Uint8Array | undefined {
    if (this.#from > this.#highest) return undefined;
    // Losses at the start were told by the feedback before, unless there was none.
    let from = this.#from;
    while (
      from < this.#highest &&
      Number.isNaN(this.#arrivalOf(from)) &&
      this.#highest - from >= MAX_STATUSES
    )
      from++;
    const arrivalsMs: (number | undefined)[] = [];
    let last = Number.NaN;
    let end = from;
    let kept = 0;
    for (; end <= this.#highest && end - from < MAX_STATUSES; end++) {
      const arrival = this.#arrivalOf(end);
      if (Number.isNaN(arrival)) {
        arrivalsMs.push(undefined);
        continue;
      }
      if (Math.abs(arrival - last) > MAX_DELTA_MS) break;
      last = arrival;
      arrivalsMs.push(arrival);
      kept = arrivalsMs.length;
    }
    // Losses at the end belong to the next feedback, whose packets prove them.
    arrivalsMs.length = kept;
    this.#from = from + kept;
    const baseSequence = from & 0xffff;
    const feedbackCount = this.#count++ & 0xff;
    return writeTransportFeedback({ ...options, baseSequence, feedbackCount, arrivalsMs });
  }

  #arrivalOf(number: number): number {
    return this.#arrivals[number & (CAPACITY - 1)] ?? Number.NaN;
  }
}
