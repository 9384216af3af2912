import type { RealtimeError } from '@tallylight/protocol/realtime/client-events.ts';

/** Why the realtime server did not do something. `code` is one of the error catalogue. */
export class RealtimeRequestError extends Error {
  override readonly name = 'RealtimeRequestError';
  readonly code: string;
  readonly details: unknown;

  constructor({ code, message, details }: RealtimeError) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** Seconds after which asking again makes sense, when the server said so. */
  get retryAfterSeconds(): number | undefined {
    const { details } = this;
    if (typeof details !== 'object' || details === null || !('retryAfterSeconds' in details))
      return undefined;
    return typeof details.retryAfterSeconds === 'number' ? details.retryAfterSeconds : undefined;
  }

  /** True when nobody knows whether it was done, or it was not done for no fault of the caller: the same again is right. */
  get isTemporary(): boolean {
    return this.code === 'UNAVAILABLE' || this.code === 'INTERNAL';
  }
}

/** The error of a connection that is not there, or that broke before the answer came. */
export function disconnected(): RealtimeRequestError {
  return new RealtimeRequestError({ code: 'UNAVAILABLE', message: 'not connected' });
}

/** An error that somebody threw, as one of ours. */
export function toRealtimeError(error: unknown): RealtimeRequestError {
  if (error instanceof RealtimeRequestError) return error;
  return new RealtimeRequestError({
    code: 'UNAVAILABLE',
    message: error instanceof Error ? error.message : String(error),
  });
}
