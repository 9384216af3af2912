import type { TransportFeedback } from './rtcp/transport-feedback.ts';
import { nearest } from './sequence.ts';

/** What became of one packet. */
export interface PacketResult {
  /** When it was sent, on our clock, in milliseconds. */
  readonly sentMs: number;
  /** The whole RTP packet. */
  readonly bytes: number;
  /** When it came, on the receiver's clock, in milliseconds without wraps; undefined when it did not. Only differences mean anything. */
  readonly arrivalMs: number | undefined;
}

const DEFAULT_CAPACITY = 2048;
/** The receiver's clock in feedback wraps there: 2^24 × 64 ms (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). */
const ARRIVAL_WRAP_MS = 2 ** 24 * 64;

/** Numbers the packets of one transport for transport-wide feedback, and remembers when each was sent until its feedback comes. */
export class SentHistory {
  readonly #mask: number;
  readonly #sentMs: Float64Array;
  /** 0 once the packet was reported. */
  readonly #bytes: Uint32Array;
  #next = 0;
  #lastArrivalMs: number | undefined;

  /**
   * @param capacity packets that are remembered, a power of two; default 2048, which is 4 s at 5 Mbit/s. Older ones are forgotten.
   */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    if (capacity < 2 || capacity > 0x8000 || (capacity & (capacity - 1)) !== 0) {
      throw new RangeError(`a history of ${capacity} packets`);
    }
    this.#mask = capacity - 1;
    this.#sentMs = new Float64Array(capacity);
    this.#bytes = new Uint32Array(capacity);
  }

  /** The transport-wide number, 16 bits, of the packet that goes out next. */
  get next(): number {
    return this.#next & 0xffff;
  }

  /** A packet of this size goes out now: gives its transport-wide number, 16 bits. */
  sent(bytes: number, nowMs: number): number {
    const sequence = this.#next++;
    const at = sequence & this.#mask;
    this.#sentMs[at] = nowMs;
    this.#bytes[at] = bytes;
    return sequence & 0xffff;
  }

  /**
   * What became of the packets that a feedback tells of, in the order of sending. Each packet is reported once; what we never sent, or
   * forgot, is left out.
   */
  resolve(feedback: Pick<TransportFeedback, 'baseSequence' | 'arrivalsMs'>): PacketResult[] {
    const results: PacketResult[] = [];
    const newest = this.#next - 1;
    // The number may lie at most one turn behind the newest.
    const base = newest - ((newest - feedback.baseSequence) & 0xffff);
    for (let i = 0; i < feedback.arrivalsMs.length; i++) {
      const sequence = base + i;
      const at = sequence & this.#mask;
      if (sequence < 0 || sequence > newest || newest - sequence > this.#mask) continue;
      const bytes = this.#bytes[at] ?? 0;
      if (bytes === 0) continue;
      this.#bytes[at] = 0;
      results.push({ sentMs: this.#sentMs[at] ?? 0, bytes, arrivalMs: this.#unwrap(feedback.arrivalsMs[i]) });
    }
    return results;
  }

  #unwrap(arrivalMs: number | undefined): number | undefined {
    if (arrivalMs === undefined) return undefined;
    this.#lastArrivalMs = nearest(arrivalMs, this.#lastArrivalMs ?? arrivalMs, ARRIVAL_WRAP_MS);
    return this.#lastArrivalMs;
  }
}
