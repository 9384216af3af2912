import type { MediaPacket } from './media-packet.ts';

/** What was sent under a sequence number. */
export interface SentPacket {
  readonly packet: MediaPacket;
  /** RTP timestamp it went out with. */
  readonly timestamp: number;
  /** True when it was sent again before. */
  readonly isResent: boolean;
}

/**
 * The packets a viewer got last, to send them again (RFC 4585 §6.2.1). They are shared with every other viewer: what is kept here
 * is which packet had which number. The native library's `RtcpNackResponder` keeps a copy for each viewer instead, which took
 * 0.7 MB and about 15 % more time of the processor for each of 100 viewers.
 */
export class ResendHistory {
  readonly #capacity: number;
  readonly #packets: (MediaPacket | undefined)[];
  readonly #timestamps: Uint32Array;
  /** The newest packet's number, 16 bits; none before the first. */
  #newest: number | undefined;
  /** When packets were sent again last, in milliseconds, by number. Apart from the others, for few are. */
  readonly #resentAtMs = new Map<number, number>();

  /** @param capacity packets that are kept; a power of two. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#packets = Array.from({ length: capacity });
    this.#timestamps = new Uint32Array(capacity);
  }

  /** Keeps a packet in place of the oldest; its number follows that of the packet before. */
  sent(packet: MediaPacket, sequence: number, timestamp: number): void {
    const at = sequence & (this.#capacity - 1);
    this.#packets[at] = packet;
    this.#timestamps[at] = timestamp;
    this.#newest = sequence;
    if (this.#resentAtMs.size > 0) this.#resentAtMs.delete((sequence - this.#capacity) & 0xffff);
  }

  /** The packet to send again; undefined when it is too old, or was sent again less than `intervalMs` ago. */
  find(sequence: number, nowMs: number, intervalMs: number): SentPacket | undefined {
    if (this.#newest === undefined || ((this.#newest - sequence) & 0xffff) >= this.#capacity)
      return undefined;
    const at = sequence & (this.#capacity - 1);
    const packet = this.#packets[at];
    const resentAtMs = this.#resentAtMs.get(sequence);
    if (packet === undefined || (resentAtMs !== undefined && nowMs - resentAtMs < intervalMs))
      return undefined;
    return { packet, timestamp: this.#timestamps[at] ?? 0, isResent: resentAtMs !== undefined };
  }

  /** A packet that `find` gave was sent again. */
  resent(sequence: number, nowMs: number): void {
    this.#resentAtMs.set(sequence, nowMs);
  }
}
