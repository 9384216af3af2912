import { ByteReader } from '../../bytes/byte-reader.ts';

/** BYE, RFC 3550 §6.6: sources that send no more. */
export interface Bye {
  readonly type: 'bye';
  readonly ssrcs: readonly number[];
}

/** Reads what follows the RTCP header; the reason is not kept. Throws EndOfBytesError. */
export function readBye(body: Uint8Array, count: number): Bye {
  const reader = new ByteReader(body);
  const ssrcs: number[] = [];
  for (let i = 0; i < count; i++) ssrcs.push(reader.u32());
  return { type: 'bye', ssrcs };
}
