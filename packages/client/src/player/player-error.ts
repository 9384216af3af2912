/** Why the picture is not moving, as a code for programs. */
export type PlayerErrorCode =
  | 'STREAM_NOT_LIVE'
  | 'PUBLISHER_LOST'
  | 'SERVER_UNREACHABLE'
  | 'SERVER_BUSY'
  | 'FORBIDDEN'
  | 'CODEC_UNSUPPORTED'
  | 'HLS_UNSUPPORTED'
  | 'MEDIA_BROKEN';

/** A failure in words for the viewer. `detail` is for the Details box and for logs only. */
export interface PlayerError {
  readonly code: PlayerErrorCode;
  /** One or two sentences: what happened, and the next step. */
  readonly message: string;
  readonly detail?: string;
}

const WORDS: Readonly<Record<PlayerErrorCode, string>> = {
  STREAM_NOT_LIVE: 'Nothing is live here yet. This page starts by itself when the stream does.',
  PUBLISHER_LOST: 'The host lost connection. Stay here, it resumes by itself.',
  SERVER_UNREACHABLE: 'Reconnecting to the stream.',
  SERVER_BUSY: 'The server is busy. Trying again.',
  FORBIDDEN: 'This stream is private. Sign in with an invited account.',
  CODEC_UNSUPPORTED: 'This browser cannot play this stream. Try another browser.',
  HLS_UNSUPPORTED: 'This browser cannot play live video. Try another browser.',
  MEDIA_BROKEN: 'The video could not be decoded. Trying again.',
};

/** Builds the error for `code`, with the words of the interface. */
export function playerError(code: PlayerErrorCode, detail?: string): PlayerError {
  return detail === undefined ? { code, message: WORDS[code] } : { code, message: WORDS[code], detail };
}
