/** Bytes that are not what FLV or enhanced RTMP allow. The message carries the offending value. */
export class FlvFormatError extends Error {
  override readonly name = 'FlvFormatError';
}
