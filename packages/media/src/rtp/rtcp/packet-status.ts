import type { ByteReader } from '../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../bytes/byte-writer.ts';

/** Packet status symbols, draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1. */
export const STATUS = { missing: 0, small: 1, large: 2, reserved: 3 } as const;

/** Entries of a run length chunk (§3.1.3), of a vector of one-bit and of two-bit symbols (§3.1.4). */
const MAX_RUN = 0x1fff;
const ONE_BIT_SYMBOLS = 14;
const TWO_BIT_SYMBOLS = 7;

/** The symbols of `count` packets; the rest of the last chunk is not looked at. Throws EndOfBytesError. */
export function readStatuses(reader: ByteReader, count: number): Uint8Array {
  const statuses = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const chunk = reader.u16();
    if (chunk < 0x8000) {
      const end = Math.min(count, at + (chunk & MAX_RUN));
      statuses.fill(chunk >> 13, at, end);
      at = end;
      continue;
    }
    const bits = (chunk & 0x4000) === 0 ? 1 : 2;
    for (let shift = 14 - bits; shift >= 0 && at < count; shift -= bits) {
      statuses[at++] = (chunk >> shift) & (bits === 1 ? 1 : 3);
    }
  }
  return statuses;
}

/** Writes the symbols in chunks: runs where they are shorter than vectors. */
export function writeStatuses(writer: ByteWriter, statuses: Uint8Array): void {
  let at = 0;
  while (at < statuses.length) {
    const symbol = statuses[at] ?? 0;
    let run = at + 1;
    while (run < statuses.length && run - at < MAX_RUN && statuses[run] === symbol) run++;
    const oneBit = fitsOneBit(statuses, at);
    const vector = oneBit ? ONE_BIT_SYMBOLS : TWO_BIT_SYMBOLS;
    if (run - at >= vector || run === statuses.length) {
      writer.u16((symbol << 13) | (run - at));
      at = run;
      continue;
    }
    let chunk = oneBit ? 0b10 : 0b11;
    for (let i = 0; i < vector; i++) chunk = (chunk << (oneBit ? 1 : 2)) | (statuses[at + i] ?? 0);
    writer.u16(chunk);
    at += vector;
  }
}

function fitsOneBit(statuses: Uint8Array, from: number): boolean {
  const end = Math.min(statuses.length, from + ONE_BIT_SYMBOLS);
  for (let i = from; i < end; i++) if ((statuses[i] ?? 0) > STATUS.small) return false;
  return true;
}
