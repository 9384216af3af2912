import type { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { BoxFormatError } from './box-format-error.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Event message version 1, ISO/IEC 23009-1 §5.10.3.3. Stands before the moof. Contained in: file. */
export interface Emsg {
  readonly schemeIdUri: string;
  readonly value: string;
  /** Ticks per second of the two following. */
  readonly timescale: number;
  readonly presentationTime: number;
  /** 0xffffffff when unknown. */
  readonly eventDuration: number;
  readonly id: number;
  readonly message: Uint8Array;
}

const MAX_STRING = 1024;

/** Writes version 1. */
export function writeEmsg(writer: ByteWriter, box: Emsg): void {
  writeFullBox(writer, 'emsg', 1, 0, () => {
    writer.u32(box.timescale).u64(box.presentationTime).u32(box.eventDuration).u32(box.id);
    writer.utf8(box.schemeIdUri).u8(0).utf8(box.value).u8(0).bytes(box.message);
  });
}

/** Reads the body of version 1; throws BoxFormatError for version 0, whose time is relative to the segment. */
export function readEmsg(body: Uint8Array): Emsg {
  const { reader, version } = openFullBox('emsg', body, 1);
  if (version !== 1) throw new BoxFormatError(`emsg version ${version}, we read 1`);
  const timescale = reader.u32();
  const presentationTime = reader.u64();
  const eventDuration = reader.u32();
  const id = reader.u32();
  const schemeIdUri = readString(reader);
  const value = readString(reader);
  return { schemeIdUri, value, timescale, presentationTime, eventDuration, id, message: reader.rest() };
}

function readString(reader: ByteReader): string {
  const bytes: number[] = [];
  for (let byte = reader.u8(); byte !== 0; byte = reader.u8()) {
    if (bytes.length === MAX_STRING)
      throw new BoxFormatError(`emsg: a string of more than ${MAX_STRING} bytes`);
    bytes.push(byte);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
