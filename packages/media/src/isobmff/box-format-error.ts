/** Bytes that are not what ISO/IEC 14496-12 allows, or more of them than we accept. The message carries the value. */
export class BoxFormatError extends Error {
  override readonly name = 'BoxFormatError';
}
