import { spanWords } from '../stream-page.ts';

/** For how many seconds something is refused, when the server said so. */
export function secondsLeft(error: unknown): number | undefined {
  const { retryAfterSeconds } = (error ?? {}) as { readonly retryAfterSeconds?: unknown };
  return typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined;
}

/** The same refusal with another wait. */
export function waitingError(error: unknown, retryAfterSeconds: number): unknown {
  const { message, code } = error as { readonly message: string; readonly code?: unknown };
  return Object.assign(new Error(message), { code, retryAfterSeconds });
}

/** Why a chat did not take something, in words for who wrote it. Falls back to the server's own. */
export function refusalWords(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'Not sent. Try again.';
  }
  const { code } = error as { readonly code?: unknown };
  const seconds = secondsLeft(error);
  const wait = seconds === undefined ? undefined : spanWords(seconds * 1000);
  switch (code) {
    case 'SLOW_MODE':
      return wait === undefined ? 'Slow mode is on. Wait a moment.' : `Slow mode: you can send in ${wait}.`;
    case 'RATE_LIMITED':
      return wait === undefined
        ? 'That was too fast. Wait a moment.'
        : `That was too fast: you can send in ${wait}.`;
    case 'VIEWER_TIMED_OUT':
      return wait === undefined ? 'You can chat again later.' : `You can chat again in ${wait}.`;
    case 'VIEWER_BANNED':
      return 'You are banned from this chat. You can still watch.';
    case 'FOLLOWERS_ONLY':
      return 'Only followers can chat.';
    case 'SUBSCRIBERS_ONLY':
      return 'Only subscribers can chat.';
    case 'CHAT_DISABLED':
      return 'Chat is off.';
    case 'STREAM_NOT_LIVE':
      return 'Chat is open while the stream is live.';
    case 'UNAVAILABLE':
      return 'Chat is reconnecting. Try again in a moment.';
    default:
      return error.message;
  }
}
