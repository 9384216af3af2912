/** Codec bytes (parameter sets, configuration records, samples) that are wrong or that we do not support. */
export class CodecFormatError extends Error {
  override readonly name = 'CodecFormatError';
}

/**
 * Runs a parser of untrusted bytes so that it throws nothing but CodecFormatError: reads past the end and values out of
 * range are turned into one, with the original as `cause`.
 */
export function parsing<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CodecFormatError) throw error;
    if (error instanceof RangeError)
      throw new CodecFormatError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
