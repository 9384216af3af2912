import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Producer reference time, ISO/IEC 14496-12 §8.16.5. Stands before the moof that it speaks of. Contained in: file. */
export interface Prft {
  readonly trackId: number;
  /** Unix time in milliseconds, fractions kept to about 0.2 µs. */
  readonly wallClockMs: number;
  /** The media time, in the track's timescale, that belongs to that instant. */
  readonly mediaTime: number;
}

/** Seconds from the NTP era (1900) to the Unix epoch. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;

/** Flags 24 (14496-12 §8.16.5.1): the instant of capture, with an offset that stays the same. */
const CAPTURE_TIME = 24;

/** Writes version 1 (64-bit media time). */
export function writePrft(writer: ByteWriter, box: Prft): void {
  writeFullBox(writer, 'prft', 1, CAPTURE_TIME, () => {
    const seconds = Math.floor(box.wallClockMs / 1000);
    const fraction = Math.floor(((box.wallClockMs - seconds * 1000) / 1000) * 2 ** 32);
    writer.u32(box.trackId);
    // NTP seconds are 32 bits and wrap in 2036.
    writer.u32((seconds + NTP_TO_UNIX_SECONDS) % 2 ** 32).u32(fraction);
    writer.u64(box.mediaTime);
  });
}

/** Reads the body of version 0 or 1; seconds below 2³¹ are taken for the NTP era after 2036. */
export function readPrft(body: Uint8Array): Prft {
  const { reader, version } = openFullBox('prft', body, 1);
  const trackId = reader.u32();
  const ntpSeconds = reader.u32();
  const fraction = reader.u32();
  const seconds = (ntpSeconds < 2 ** 31 ? ntpSeconds + 2 ** 32 : ntpSeconds) - NTP_TO_UNIX_SECONDS;
  const mediaTime = version === 1 ? reader.u64() : reader.u32();
  return { trackId, wallClockMs: seconds * 1000 + (fraction / 2 ** 32) * 1000, mediaTime };
}
