import type { ErrorCode } from '@tallylight/protocol/error-catalogue.ts';
import {
  ChatDisabledError,
  type LivestreamError,
  liveError,
  SlowModeError,
  StreamNotLiveError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import type { AutoMod } from '../moderation/automod.ts';
import { holdsForeignLink } from '../moderation/links.ts';
import type { ChatLimits } from './chat-limits.ts';
import { type ChatRoom, type ChatStanding, isChatOpen } from './chat-room.ts';

/** Why a chat does not take a message. */
export interface Refusal {
  readonly code: ErrorCode;
  /** As `checkMessage` says it. */
  readonly reason: string;
  /** What a moderator would have done. */
  readonly action?: 'delete_message' | 'warn';
  readonly retryAfterSeconds?: number;
}

/** What a message is judged by. */
export interface ChatQuestion {
  readonly room: ChatRoom;
  readonly standing: ChatStanding;
  readonly userId: string;
  readonly isGuest: boolean;
  readonly content: string;
  /** Of the wall clock: for the schedule alone. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** When the person last wrote here, of the monotonic clock. */
  readonly lastSentMs: number | undefined;
  readonly autoMod: AutoMod;
  readonly limits: Pick<ChatLimits, 'waitingRoomMinutes' | 'linksAfterHours'>;
}

/** The first rule that forbids a message, in nchat's order, or undefined. Moderators are held only by what holds for everybody. */
export function firstRefusal(question: ChatQuestion): Refusal | undefined {
  const { room, standing, monotonicMs, limits } = question;
  if (!room.enableChat || room.mode === 'disabled')
    return { code: 'CHAT_DISABLED', reason: 'Chat is disabled' };
  if (!isChatOpen(room, question.nowMs, limits.waitingRoomMinutes)) {
    return { code: 'STREAM_NOT_LIVE', reason: 'Stream is not live' };
  }
  const barred = barredNow(standing, monotonicMs);
  if (barred !== undefined) return barred;
  if (standing.isModerator) return undefined;
  if (room.mode === 'subscribers' && !standing.isSubscriber) {
    return { code: 'SUBSCRIBERS_ONLY', reason: 'Subscriber-only mode is enabled' };
  }
  if (room.mode === 'followers' && !standing.isFollower) {
    return { code: 'FOLLOWERS_ONLY', reason: 'Follower-only mode is enabled' };
  }
  return tooSoon(question) ?? contentRefusal(question);
}

/** The ban or time-out that holds, if any. */
export function barredNow(standing: ChatStanding, monotonicMs: number): Refusal | undefined {
  const { barred } = standing;
  if (barred === undefined || barred.untilMs <= monotonicMs) return undefined;
  if (barred.kind === 'ban') return { code: 'VIEWER_BANNED', reason: 'You are banned from this stream' };
  const seconds = Math.ceil((barred.untilMs - monotonicMs) / 1000);
  return { code: 'VIEWER_TIMED_OUT', reason: `Timed out. ${seconds}s remaining`, retryAfterSeconds: seconds };
}

/** The error that a sender gets, with nchat's classes and texts. */
export function refusalError(refusal: Refusal, streamId: string, userId: string): LivestreamError {
  const { code, reason, retryAfterSeconds } = refusal;
  switch (code) {
    case 'STREAM_NOT_LIVE':
      return worded(new StreamNotLiveError(streamId), reason);
    case 'CHAT_DISABLED':
      return worded(new ChatDisabledError(streamId), 'Chat is disabled for this stream');
    case 'VIEWER_BANNED':
      return worded(new ViewerBannedError(userId, streamId), reason);
    case 'SLOW_MODE':
      return worded(new SlowModeError(retryAfterSeconds ?? 1), reason);
    default:
      return liveError(code, reason, retryAfterSeconds === undefined ? undefined : { retryAfterSeconds });
  }
}

function tooSoon({ room, lastSentMs, monotonicMs }: ChatQuestion): Refusal | undefined {
  if (room.slowModeSeconds === 0 || lastSentMs === undefined) return undefined;
  const waitMs = lastSentMs + room.slowModeSeconds * 1000 - monotonicMs;
  if (waitMs <= 0) return undefined;
  const seconds = Math.ceil(waitMs / 1000);
  return { code: 'SLOW_MODE', reason: `Slow mode: wait ${seconds}s`, retryAfterSeconds: seconds };
}

function contentRefusal(question: ChatQuestion): Refusal | undefined {
  const { room, standing, monotonicMs, limits, content } = question;
  const ageMs = monotonicMs - standing.accountSinceMs;
  const { minAccountAge } = room.autoMod;
  if (minAccountAge !== undefined && ageMs < minAccountAge * 60_000) {
    return { code: 'MESSAGE_REJECTED', reason: 'Account too new to chat' };
  }
  const verdict = question.autoMod.check(room.streamId, question.userId, content, room.autoMod);
  if (verdict !== undefined) return { code: 'MESSAGE_REJECTED', ...verdict };
  const isNew = question.isGuest || ageMs < limits.linksAfterHours * 3_600_000;
  if (limits.linksAfterHours > 0 && isNew && holdsForeignLink(content, room.autoMod.allowedLinks)) {
    return { code: 'MESSAGE_REJECTED', reason: 'Links are not allowed', action: 'delete_message' };
  }
  return undefined;
}

function worded<E extends Error>(error: E, message: string): E {
  error.message = message;
  return error;
}
