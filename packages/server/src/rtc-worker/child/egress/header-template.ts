import type { ExtensionIds } from '@tallylight/media/sdp/header-extensions.ts';

/** The fixed header, RFC 3550 §5.1. */
const FIXED_BYTES = 12;

/**
 * Playout delay of 0 at least and 200 ms at most, in units of 10 ms (12 bits each). A minimum of 0 and a maximum of at most 500 ms
 * makes Chromium show each picture as soon as it is decoded, and still lets it hold pictures back as long as its sound needs.
 */
const PLAYOUT_DELAY = [0x00, 0x00, 0x14] as const;

/** The header of one viewer's packets, all but the fields that differ from packet to packet. */
export class HeaderTemplate {
  readonly bytes: number;
  readonly #payloadType: number;
  readonly #ssrc: number;
  /** Everything behind the fixed header. */
  readonly #extension: Uint8Array;
  /** Where the transport-wide sequence number stands; 0 when there is none. */
  readonly #transportSequenceAt: number;

  /**
   * `transportCc`: whether the packets are numbered for transport-wide feedback, when the viewer can. `leastBytes`: zeros behind the
   * extensions, which receivers skip (RFC 8285 §4.2), make the header that long, rounded up to four.
   */
  constructor(
    stream: { readonly payloadType: number; readonly ssrc: number },
    ids: ExtensionIds,
    transportCc: boolean,
    leastBytes = 0,
  ) {
    this.#payloadType = stream.payloadType;
    this.#ssrc = stream.ssrc;
    const elements: number[] = [];
    // RFC 8285 §4.2: the one-byte form has the ids 1…14, and every browser keeps to them.
    if (transportCc && isOneByte(ids.transportCc)) elements.push((ids.transportCc << 4) | 1, 0, 0);
    this.#transportSequenceAt = elements.length > 0 ? FIXED_BYTES + 4 + 1 : 0;
    if (isOneByte(ids.playoutDelay)) elements.push((ids.playoutDelay << 4) | 2, ...PLAYOUT_DELAY);
    while (elements.length % 4 !== 0 || FIXED_BYTES + 4 + elements.length < leastBytes) elements.push(0);
    const words = elements.length / 4;
    this.#extension = Uint8Array.from(words === 0 ? [] : [0xbe, 0xde, 0, words, ...elements]);
    this.bytes = FIXED_BYTES + this.#extension.length;
  }

  /** True when packets carry a number for transport-wide feedback. */
  get hasTransportSequence(): boolean {
    return this.#transportSequenceAt > 0;
  }

  /** Writes the header at the start of `target`. Runs for every packet of every viewer. */
  write(
    target: Buffer,
    marker: boolean,
    sequence: number,
    timestamp: number,
    transportSequence: number,
  ): void {
    const extension = this.#extension;
    target[0] = extension.length === 0 ? 0x80 : 0x90;
    target[1] = marker ? this.#payloadType | 0x80 : this.#payloadType;
    target[2] = sequence >>> 8;
    target[3] = sequence;
    writeU32(target, 4, timestamp);
    writeU32(target, 8, this.#ssrc);
    for (let i = 0; i < extension.length; i++) target[FIXED_BYTES + i] = extension[i] ?? 0;
    const at = this.#transportSequenceAt;
    if (at === 0) return;
    target[at] = transportSequence >>> 8;
    target[at + 1] = transportSequence;
  }
}

function isOneByte(id: number | undefined): id is number {
  return id !== undefined && id >= 1 && id <= 14;
}

function writeU32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
