import { MAX_FRAME_BYTES, ProtocolError } from './frame.ts';

/** One frame as it came; `body` is a view of what was pushed. */
export interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
}

const LENGTH_BYTES = 4;

/** Cuts a byte stream into frames. Holds at most one unfinished frame. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  /** What came of a frame that is not complete. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Bytes that `#pending` needs before there is something to read. */
  #wantedBytes = LENGTH_BYTES;

  /** `onFrame` is called for each frame, in order, from within `push`. */
  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes what came. Throws ProtocolError for a length that cannot be; then this reader is of no more use. */
  push(bytes: Uint8Array): void {
    if (this.#pendingBytes === 0) {
      this.#keep(this.#drain(bytes));
      return;
    }
    this.#keep(bytes);
    // Joined only when something can come of it, so that a large frame in many pieces is copied once and not once a piece.
    while (this.#pendingBytes >= this.#wantedBytes) {
      const joined = join(this.#pending, this.#pendingBytes);
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#keep(this.#drain(joined));
      if (this.#pendingBytes === 0) return;
    }
  }

  /** Gives out the frames that are complete, and returns what is left. */
  #drain(bytes: Uint8Array): Uint8Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (;;) {
      this.#wantedBytes = LENGTH_BYTES;
      if (bytes.length - at < LENGTH_BYTES) return bytes.subarray(at);
      const length = view.getUint32(at);
      if (length < 1 || length > MAX_FRAME_BYTES) {
        throw new ProtocolError(`a frame says it has ${length} bytes, 1 to ${MAX_FRAME_BYTES} are allowed`);
      }
      this.#wantedBytes = LENGTH_BYTES + length;
      if (bytes.length - at < this.#wantedBytes) return bytes.subarray(at);
      const start = at + LENGTH_BYTES;
      at = start + length;
      this.#onFrame({ type: bytes[start] ?? 0, body: bytes.subarray(start + 1, at) });
    }
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }
}

function join(pieces: readonly Uint8Array[], total: number): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const joined = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
