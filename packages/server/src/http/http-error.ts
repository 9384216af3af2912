/** A request that is refused: the status, a stable code for programs, words for people. Thrown by route handlers. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Upper case with underscores, such as `STREAM_BUSY`. */
  readonly code: string;
  /** Flat list of further header names and values. */
  readonly headers: readonly string[];

  /** `message` goes to the client: no secrets, and nothing that the client does not know anyway. */
  constructor(status: number, code: string, message: string, headers: readonly string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
