import { ByteReader } from '../bytes/byte-reader.ts';
import { BoxFormatError } from './box-format-error.ts';

/** What precedes the body of every FullBox, ISO/IEC 14496-12 §4.2.2. */
export interface FullBox {
  /** 0…255 */
  readonly version: number;
  /** 24 bits. */
  readonly flags: number;
}

/** A reader behind the version and flags of a FullBox, given the box's bytes without its header. */
export interface OpenedFullBox extends FullBox {
  readonly reader: ByteReader;
}

/** Reads version and flags. Throws BoxFormatError when the version is above `maxVersion`. */
export function openFullBox(type: string, body: Uint8Array, maxVersion: number): OpenedFullBox {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version > maxVersion) throw new BoxFormatError(`${type} version ${version}, we read 0…${maxVersion}`);
  return { reader, version, flags: reader.u24() };
}
