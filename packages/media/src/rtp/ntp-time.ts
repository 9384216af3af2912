/** A time as RTCP has it: seconds since 1900 and a fraction of 2^-32 s, 32 bits each. RFC 3550 §4. */
export interface NtpTime {
  readonly seconds: number;
  readonly fraction: number;
}

/** Milliseconds since 1900. */
export function ntpToMs(time: NtpTime): number {
  return time.seconds * 1000 + (time.fraction * 1000) / 0x1_0000_0000;
}

/** From milliseconds since 1900 or any other time; only the sender's own differences matter (RFC 3550 §6.4.1). */
export function msToNtp(ms: number): NtpTime {
  const seconds = Math.floor(ms / 1000);
  const fraction = Math.floor(((ms - seconds * 1000) * 0x1_0000_0000) / 1000);
  return { seconds: seconds % 0x1_0000_0000, fraction: Math.min(fraction, 0xffff_ffff) };
}

/** The middle 32 bits, in units of 1/65536 s: LSR and DLSR of report blocks (RFC 3550 §6.4.1). */
export function compactNtp(time: NtpTime): number {
  return (time.seconds % 0x1_0000) * 0x1_0000 + Math.floor(time.fraction / 0x1_0000);
}
