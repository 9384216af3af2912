import { answerHandshake, C0_C1_BYTES, HANDSHAKE_BYTES } from '../../rtmp/handshake.ts';

const EMPTY = new Uint8Array(0);

/** The server's side of the handshake over pieces of any size. */
export class ServerHandshake {
  readonly #answer: (bytes: Uint8Array) => void;
  /** Taken with the first byte, so that a silent connection costs next to nothing; dropped after C1. */
  #c0c1: Uint8Array | undefined;
  #fill = 0;
  #answered = false;

  /** @param answer sends S0, S1 and S2. */
  constructor(answer: (bytes: Uint8Array) => void) {
    this.#answer = answer;
  }

  /** Takes bytes. Gives those after C2 once it is complete, undefined until then. Throws RtmpProtocolError. */
  push(bytes: Uint8Array): Uint8Array | undefined {
    let at = 0;
    if (!this.#answered) {
      this.#c0c1 ??= new Uint8Array(C0_C1_BYTES);
      const piece = bytes.subarray(0, C0_C1_BYTES - this.#fill);
      this.#c0c1.set(piece, this.#fill);
      this.#fill += piece.length;
      at = piece.length;
      if (this.#fill < C0_C1_BYTES) return undefined;
      this.#answer(answerHandshake(this.#c0c1).bytes);
      this.#c0c1 = undefined;
      this.#answered = true;
      this.#fill = 0;
    }
    // C2 proves nothing that TCP has not, and encoders fill it with anything: it is skipped.
    const skip = Math.min(HANDSHAKE_BYTES - this.#fill, bytes.length - at);
    this.#fill += skip;
    if (this.#fill < HANDSHAKE_BYTES) return undefined;
    return at + skip < bytes.length ? bytes.subarray(at + skip) : EMPTY;
  }
}
