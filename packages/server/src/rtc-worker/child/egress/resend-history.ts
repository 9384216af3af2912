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
  readonly #mask: number;
  readonly #packets: (MediaPacket | undefined)[];
  readonly #sequences: Uint16Array;
  readonly #timestamps: Uint32Array;
  /** When it was resent last, in milliseconds; 0 before. */
  readonly #resentAtMs: Float64Array;

  /** @param capacity packets that are kept; a power of two. */
  constructor(capacity: number) {
    this.#mask = capacity - 1;
    this.#packets = Array.from({ length: capacity });
    this.#sequences = new Uint16Array(capacity);
    this.#timestamps = new Uint32Array(capacity);
    this.#resentAtMs = new Float64Array(capacity);
  }

  /** Keeps a packet in place of the oldest. */
  sent(packet: MediaPacket, sequence: number, timestamp: number): void {
    const at = sequence & this.#mask;
    this.#packets[at] = packet;
    this.#sequences[at] = sequence;
    this.#timestamps[at] = timestamp;
    this.#resentAtMs[at] = 0;
  }

  /** The packet to send again; undefined when it is too old, or was sent again less than `intervalMs` ago. */
  find(sequence: number, nowMs: number, intervalMs: number): SentPacket | undefined {
    const at = sequence & this.#mask;
    const packet = this.#packets[at];
    if (packet === undefined || this.#sequences[at] !== sequence) return undefined;
    const resentAtMs = this.#resentAtMs[at] ?? 0;
    if (resentAtMs > 0 && nowMs - resentAtMs < intervalMs) return undefined;
    return { packet, timestamp: this.#timestamps[at] ?? 0, isResent: resentAtMs > 0 };
  }

  /** A packet that `find` gave was sent again. */
  resent(sequence: number, nowMs: number): void {
    this.#resentAtMs[sequence & this.#mask] = nowMs;
  }
}
