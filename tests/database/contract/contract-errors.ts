import * as errors from '../../../packages/protocol/src/errors.ts';

/** Classes of §1.1 and §1.2: an error, its name, code, status and message. */
export const CONTRACT_ERRORS: readonly (readonly [
  error: errors.StreamError,
  name: string,
  code: string,
  status: number,
  message: string,
])[] = [
  [new errors.StreamError('m', 'C'), 'StreamError', 'C', 500, 'm'],
  [new errors.LivestreamError('m', 'C'), 'LivestreamError', 'C', 500, 'm'],
  [
    new errors.StreamNotFoundError('x'),
    'StreamNotFoundError',
    'STREAM_NOT_FOUND',
    404,
    'Stream not found: x',
  ],
  [new errors.StreamNotLiveError('x'), 'StreamNotLiveError', 'STREAM_NOT_LIVE', 400, 'Stream is not live: x'],
  [
    new errors.StreamUnauthorizedError(),
    'StreamUnauthorizedError',
    'STREAM_UNAUTHORIZED',
    403,
    'Unauthorized',
  ],
  [
    new errors.StreamIngestError('m'),
    'StreamIngestError',
    'STREAM_INGEST_ERROR',
    500,
    'Stream ingest error: m',
  ],
  [
    new errors.ViewerBannedError('u', 's'),
    'ViewerBannedError',
    'VIEWER_BANNED',
    403,
    'User u is banned from stream s',
  ],
  [
    new errors.ChatDisabledError('s'),
    'ChatDisabledError',
    'CHAT_DISABLED',
    403,
    'Chat is disabled for stream: s',
  ],
  [new errors.SlowModeError(7), 'SlowModeError', 'SLOW_MODE', 429, 'Slow mode active. Wait 7 seconds'],
];
