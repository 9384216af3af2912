import { ERROR_STATUS, type ErrorCode } from './error-catalogue.ts';

/**
 * What a caller can act on. `code` is one of the catalogue, `statusCode` its HTTP status. One hierarchy for both of nchat's modules, so
 * that `instanceof StreamError` and `instanceof LivestreamError` both hold for every error below.
 */
export class StreamError extends Error {
  override name = 'StreamError';
  readonly code: string;
  readonly statusCode: number;
  /** What a program needs to know more, such as the fields that were wrong. */
  readonly details: unknown;

  constructor(message: string, code: string, statusCode = 500, details?: unknown) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.details = details;
  }
}

/** Base of the errors below, under the name that nchat's services use. */
export class LivestreamError extends StreamError {
  override name = 'LivestreamError';
}

/** Makes the error of a code, with its status from the catalogue. */
export function liveError(code: ErrorCode, message: string, details?: unknown): LivestreamError {
  return new LivestreamError(message, code, ERROR_STATUS[code], details);
}

/** There is no such stream, or the caller may not know of it. */
export class StreamNotFoundError extends LivestreamError {
  override name = 'StreamNotFoundError';

  constructor(streamId: string) {
    super(`Stream not found: ${streamId}`, 'STREAM_NOT_FOUND', ERROR_STATUS.STREAM_NOT_FOUND);
  }
}

/** The stream is not live, and what was asked for needs it to be. */
export class StreamNotLiveError extends LivestreamError {
  override name = 'StreamNotLiveError';

  constructor(streamId: string) {
    super(`Stream is not live: ${streamId}`, 'STREAM_NOT_LIVE', ERROR_STATUS.STREAM_NOT_LIVE);
  }
}

/** The caller is known and may not do this. */
export class StreamUnauthorizedError extends LivestreamError {
  override name = 'StreamUnauthorizedError';

  constructor(message = 'Unauthorized') {
    super(message, 'STREAM_UNAUTHORIZED', ERROR_STATUS.STREAM_UNAUTHORIZED);
  }
}

/** The media could not be taken in. */
export class StreamIngestError extends LivestreamError {
  override name = 'StreamIngestError';

  constructor(message: string) {
    super(`Stream ingest error: ${message}`, 'STREAM_INGEST_ERROR', ERROR_STATUS.STREAM_INGEST_ERROR);
  }
}

/** The caller is banned from the stream. */
export class ViewerBannedError extends LivestreamError {
  override name = 'ViewerBannedError';

  constructor(userId: string, streamId: string) {
    super(`User ${userId} is banned from stream ${streamId}`, 'VIEWER_BANNED', ERROR_STATUS.VIEWER_BANNED);
  }
}

/** The stream has no chat. */
export class ChatDisabledError extends LivestreamError {
  override name = 'ChatDisabledError';

  constructor(streamId: string) {
    super(`Chat is disabled for stream: ${streamId}`, 'CHAT_DISABLED', ERROR_STATUS.CHAT_DISABLED);
  }
}

/** The caller wrote too soon after their last message. */
export class SlowModeError extends LivestreamError {
  override name = 'SlowModeError';

  constructor(waitSeconds: number) {
    super(`Slow mode active. Wait ${waitSeconds} seconds`, 'SLOW_MODE', ERROR_STATUS.SLOW_MODE, {
      retryAfterSeconds: waitSeconds,
    });
  }
}
