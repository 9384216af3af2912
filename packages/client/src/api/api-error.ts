import {
  ChatDisabledError,
  LivestreamError,
  SlowModeError,
  StreamIngestError,
  StreamNotFoundError,
  StreamNotLiveError,
  StreamUnauthorizedError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';

/** What an answer that is an error says. */
export interface ErrorBody {
  readonly error?: string;
  readonly code?: string;
  readonly message?: string;
  readonly details?: unknown;
}

/** Where an error came from: `cause` of what a call rejects with. */
export interface FailedAnswer {
  readonly status: number;
  /** Empty over HTTP/2. */
  readonly statusText: string;
  /** Seconds after which to try again, when the server said so. */
  readonly retryAfterSec: number | undefined;
}

/** The class of each code that has one of its own. Their messages are replaced by the server's. */
const CLASSES = new Map<string, () => LivestreamError>([
  ['STREAM_NOT_FOUND', () => new StreamNotFoundError('')],
  ['STREAM_NOT_LIVE', () => new StreamNotLiveError('')],
  ['STREAM_UNAUTHORIZED', () => new StreamUnauthorizedError()],
  ['STREAM_INGEST_ERROR', () => new StreamIngestError('')],
  ['VIEWER_BANNED', () => new ViewerBannedError('', '')],
  ['CHAT_DISABLED', () => new ChatDisabledError('')],
]);

/** The error that an answer stands for: of the protocol's class for its code, with the server's words and details. */
export function errorOf(body: ErrorBody, answer: FailedAnswer): LivestreamError {
  const message = body.message ?? body.error ?? answer.statusText;
  const code = body.code ?? 'INTERNAL';
  const error = withClass(code, message, body.details, answer);
  error.message = message;
  error.cause = answer;
  return error;
}

function withClass(code: string, message: string, details: unknown, answer: FailedAnswer): LivestreamError {
  if (code === 'SLOW_MODE') return new SlowModeError(answer.retryAfterSec ?? 0);
  const known = CLASSES.get(code);
  return known === undefined ? new LivestreamError(message, code, answer.status, details) : known();
}

/** What the cause of an error tells of the answer; undefined when there was none. */
export function failedAnswerOf(error: unknown): FailedAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  const isAnswer = typeof cause === 'object' && cause !== null && 'status' in cause && 'statusText' in cause;
  return isAnswer ? (cause as FailedAnswer) : undefined;
}
