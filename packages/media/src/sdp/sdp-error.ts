/** Text that is not a session description we take. The message carries the offending value, the line its place. */
export class SdpError extends Error {
  override readonly name: string = 'SdpError';
  /** Line of the text, from 1; absent when the fault is not in one line. */
  readonly line?: number;

  constructor(message: string, line?: number) {
    super(line === undefined ? message : `line ${line}: ${message}`);
    if (line !== undefined) this.line = line;
  }
}

/** An offer that is well formed, but that we cannot answer: no codec of ours, two pictures, nothing sent, and the like. */
export class OfferRefusedError extends SdpError {
  override readonly name = 'OfferRefusedError';
}
