/** A codec that parses but cannot be served: the publisher is refused with this message, which is written for people. */
export class UnservableMediaError extends Error {
  override readonly name = 'UnservableMediaError';
}

/** A unit that is broken: it is dropped and its publisher goes on. */
export class CorruptMediaError extends Error {
  override readonly name = 'CorruptMediaError';
}
