/** Bytes that are not what RTP, RTCP or a payload format allow. The message carries the offending value. */
export class RtpError extends Error {
  override readonly name = 'RtpError';
}

/** Runs a parser of untrusted bytes so that it throws nothing but RtpError: reads past the end become one, with their `cause`. */
export function readingRtp<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new RtpError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
