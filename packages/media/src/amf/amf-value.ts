/** An AMF0 object or ECMA array (AMF0 §2.5, §2.10). A Map, so that keys such as `__proto__` are only keys. */
export type AmfObject = ReadonlyMap<string, AmfValue>;

/** A date (AMF0 §2.13): milliseconds since the Unix epoch in UTC; the time zone field is reserved and dropped. */
export interface AmfDate {
  readonly dateMs: number;
}

/** What AMF0 can say, as far as RTMP uses it. Objects, typed objects and ECMA arrays all read as `AmfObject`. */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | AmfDate
  | AmfObject
  | readonly AmfValue[];

/** Bytes that are not AMF0, or AMF0 beyond our limits. The message carries the offending value. */
export class AmfFormatError extends Error {
  override readonly name = 'AmfFormatError';
}

/** Bounds of one read, checked before memory is taken (Red5 #469, ZLMediaKit PR #4787 had none). */
export interface AmfLimits {
  /** Nested objects and arrays. Default 16. */
  readonly maxDepth: number;
  /** Values in one message: members of objects, items of arrays and the top level together. Default 256. */
  readonly maxKeys: number;
  /** Bytes of one string or key. Default 65536. */
  readonly maxStringBytes: number;
}

/** The limits that a reader has when it is given none. */
export const defaultAmfLimits: AmfLimits = { maxDepth: 16, maxKeys: 256, maxStringBytes: 65_536 };

/** True for an object or ECMA array, false for a strict array, a date and everything else. */
export function isAmfObject(value: unknown): value is AmfObject {
  return value instanceof Map;
}

/** Numbers on the wire of the AMF0 types (AMF0 §2.1). */
export const AMF0 = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  movieClip: 0x04,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  recordSet: 0x0e,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmPlus: 0x11,
} as const;
