import { LivestreamError, liveError, StreamError } from '@tallylight/protocol/errors.ts';
import { HttpError } from '../http/http-error.ts';

/** An error as it is answered. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `error` is the text, as nchat's clients read it; `message` says the same for those that expect it beside `code`. */
  readonly body: {
    readonly error: string;
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
  };
}

/** The database is expected back at any moment, in seconds. */
const UNAVAILABLE_RETRY_SECONDS = 1;

/** The answer to an error. Undefined for one that nobody foresaw: its words are for the log alone. */
export function foreseen(error: unknown): ErrorAnswer | undefined {
  const known = inOurWords(error);
  if (!(known instanceof StreamError)) return undefined;
  const { code, message, statusCode: status, details } = known;
  const retryAfter = retryAfterOf(details) ?? (status === 503 ? UNAVAILABLE_RETRY_SECONDS : undefined);
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) },
    body: { error: message, code, message, ...(details === undefined ? {} : { details }) },
  };
}

/** The answer to an error that nobody foresaw. */
export function unforeseen(): ErrorAnswer {
  const message = 'the server could not answer, try again';
  return { status: 500, headers: {}, body: { error: message, code: 'INTERNAL', message } };
}

/** True for what row-level security, a missing grant or a guard of the schema refused: SQLSTATE 42501. */
export function isRefusedBySchema(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && 'code' in error && error.code === '42501';
}

/** Errors of what lies below as ones of the catalogue. */
function inOurWords(error: unknown): unknown {
  if (error instanceof HttpError) return fromHttp(error);
  return isRefusedBySchema(error) ? liveError('FORBIDDEN', 'the database does not allow this') : error;
}

/** What reading a body rejects with has codes of its own. */
function fromHttp({ status, message }: HttpError): LivestreamError {
  if (status === 413) return liveError('PAYLOAD_TOO_LARGE', message);
  if (status === 408) return liveError('REQUEST_TIMEOUT', message);
  return liveError('INVALID_REQUEST', message);
}

function retryAfterOf(details: unknown): number | undefined {
  if (typeof details !== 'object' || details === null || !('retryAfterSeconds' in details)) return undefined;
  const { retryAfterSeconds } = details;
  return typeof retryAfterSeconds === 'number' ? Math.max(1, Math.ceil(retryAfterSeconds)) : undefined;
}
