import { ByteWriter } from '@tallylight/media/bytes/byte-writer.ts';
import { compactNtp, msToNtp } from '@tallylight/media/rtp/ntp-time.ts';

/** RTCP extended report, RFC 3611 §2. */
const EXTENDED_REPORT = 207;
/** Receiver reference time, §4.4: one instant of ours. */
const REFERENCE_TIME_BLOCK = 4;
/** Delay since the last receiver reference time, §4.5: the sender's answer. */
const DELAY_BLOCK = 5;
const RTCP_VERSION = 0x80;
const COMPACT_NTP_PER_MS = 65.536;
/** Longer is a mistake. */
const MAX_RTT_MS = 10_000;
/** Weight of a new measurement. */
const GAIN = 1 / 4;

/**
 * Measures the round trip from the receiver's end, by extended reports (RFC 3611): we say what time it is, the publisher says when it heard
 * that. Browsers answer; others do not, and then there is nothing to say.
 */
export class RoundTrip {
  readonly #ssrc: number;
  #rttMs: number | undefined;

  /** `ssrc` names us in RTCP. */
  constructor(ssrc: number) {
    this.#ssrc = ssrc;
  }

  /** Milliseconds, low-passed; undefined before the first answer. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** The packet to send, in a compound of receiver reports. */
  request(nowMs: number): Uint8Array {
    const { seconds, fraction } = msToNtp(nowMs);
    const writer = new ByteWriter(20).u8(RTCP_VERSION).u8(EXTENDED_REPORT).u16(4).u32(this.#ssrc);
    return writer.u8(REFERENCE_TIME_BLOCK).u8(0).u16(2).u32(seconds).u32(fraction).toBytes();
  }

  /** Looks for the answer in a compound; what is no RTCP is left alone. */
  read(compound: Uint8Array, nowMs: number): void {
    const view = new DataView(compound.buffer, compound.byteOffset, compound.byteLength);
    for (let at = 0; at + 8 <= compound.length; ) {
      const end = at + (view.getUint16(at + 2) + 1) * 4;
      if (end > compound.length) return;
      if (view.getUint8(at + 1) === EXTENDED_REPORT) this.#readBlocks(view, at + 8, end, nowMs);
      at = end;
    }
  }

  #readBlocks(view: DataView, from: number, end: number, nowMs: number): void {
    for (let at = from; at + 4 <= end; ) {
      const blockEnd = at + 4 + view.getUint16(at + 2) * 4;
      if (blockEnd > end) return;
      if (view.getUint8(at) === DELAY_BLOCK) {
        for (let entry = at + 4; entry + 12 <= blockEnd; entry += 12) {
          if (view.getUint32(entry) !== this.#ssrc) continue;
          this.#measured(view.getUint32(entry + 4), view.getUint32(entry + 8), nowMs);
        }
      }
      at = blockEnd;
    }
  }

  /** §4.5: `reference` is what we said, in the middle 32 bits of NTP; `delay` passed at the publisher, in 1/65536 s. */
  #measured(reference: number, delay: number, nowMs: number): void {
    if (reference === 0) return;
    const rttMs = ((compactNtp(msToNtp(nowMs)) - reference - delay) | 0) / COMPACT_NTP_PER_MS;
    if (rttMs < 0 || rttMs > MAX_RTT_MS) return;
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) * GAIN;
  }
}
