/** Names that mean something else in a URL: `/hls/t/…` carries a token. */
const RESERVED = ['t'];

/** True for a name that can stand in a URL, a path and a log line as it is: 1 to 64 of a–z, 0–9 and hyphen, and not reserved. */
export function isStreamName(text: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(text) && !RESERVED.includes(text);
}
