/**
 * Largest frame, in bytes, its type counted and its length not. An access unit that is larger is a mistake: 8 MiB in one
 * picture would be 2 Gbit/s at 30 frames a second.
 */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** What a frame holds: a control message in JSON, or one access unit. */
export const FRAME_TYPE = { control: 1, unit: 2 } as const;

/** Bytes before a frame's body: u32 length of what follows it, u8 type. */
export const FRAME_HEADER_BYTES = 5;

/** The other side broke the protocol: its process is of no more use. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Length and type of a frame whose body has `bodyBytes`. Throws ProtocolError when it is too large. */
export function frameHeader(type: number, bodyBytes: number): Uint8Array {
  if (bodyBytes + 1 > MAX_FRAME_BYTES) {
    throw new ProtocolError(`a frame of ${bodyBytes} bytes, at most ${MAX_FRAME_BYTES - 1} are allowed`);
  }
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, bodyBytes + 1);
  header[4] = type;
  return header;
}
