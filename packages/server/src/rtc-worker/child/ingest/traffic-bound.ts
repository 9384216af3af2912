import { Allowance } from '../allowance.ts';

/**
 * What a connection may bring beside the media that is taken, as a multiple of the highest bit rate of a stream: simulcast layers that are
 * not chosen, packets sent again, headers. The server bounds the stream itself.
 */
const CONNECTION_SHARE = 2;
const BURST_SEC = 5;
/** Bytes of RTCP a second; browsers send some hundred. */
const MAX_RTCP_BYTES_PER_SECOND = 65_536;

/** Bounds what a publisher sends, whatever becomes of it: the queue of the native library has no end. */
export class TrafficBound {
  readonly #bytes: Allowance;
  readonly #controlBytes = new Allowance({ perSecond: MAX_RTCP_BYTES_PER_SECOND });

  /** @param maxBitrateBps highest bit rate of a stream, in bit/s. */
  constructor(maxBitrateBps: number) {
    const perSecond = (maxBitrateBps / 8) * CONNECTION_SHARE;
    this.#bytes = new Allowance({ perSecond, burst: perSecond * BURST_SEC });
  }

  /** Counts a packet of RTP, or of RTCP for `isControl`; false when it is beyond. */
  bears(bytes: number, isControl: boolean, nowMs: number): boolean {
    return this.#bytes.spend(bytes, nowMs) && (!isControl || this.#controlBytes.spend(bytes, nowMs));
  }
}
