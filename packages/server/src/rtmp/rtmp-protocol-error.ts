/**
 * A peer broke RTMP, or went beyond a limit, such that its connection cannot go on. The message says what it sent and
 * never holds a stream key.
 */
export class RtmpProtocolError extends Error {
  override readonly name = 'RtmpProtocolError';
}
