import type { AutoModConfig } from '@tallylight/protocol/entities/moderation.ts';
import type { ChatMode, StreamStatus } from '@tallylight/protocol/entities/stream.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';

/** What a stream's settings say of its chat. */
export interface ChatRoom {
  readonly streamId: string;
  readonly channelId: string;
  readonly status: StreamStatus;
  readonly enableChat: boolean;
  readonly mode: ChatMode;
  readonly slowModeSeconds: number;
  readonly waitingRoom: boolean;
  readonly scheduledAtMs: number | undefined;
  readonly autoMod: AutoModConfig;
}

/** What a person is in a chat, as the database said. Times are of the monotonic clock, so that a jump of the wall clock frees nobody. */
export interface ChatStanding {
  readonly isModerator: boolean;
  readonly isFollower: boolean;
  readonly isSubscriber: boolean;
  /** Undefined: neither banned nor timed out. */
  readonly barred: { readonly kind: 'ban' | 'timeout'; readonly untilMs: number } | undefined;
  /** When the account was made. */
  readonly accountSinceMs: number;
  /** When their last message in this chat was stored; asked while slow mode is on. */
  readonly lastSentMs: number | undefined;
  /** As others see them. */
  readonly author: NonNullable<StreamChatMessage['user']>;
}

/** True while the chat takes messages: live, or before the schedule where there is a waiting room. */
export function isChatOpen(room: ChatRoom, nowMs: number, waitingRoomMinutes: number): boolean {
  if (room.status === 'live') return true;
  return (
    room.waitingRoom &&
    (room.status === 'scheduled' || room.status === 'preparing') &&
    room.scheduledAtMs !== undefined &&
    nowMs >= room.scheduledAtMs - waitingRoomMinutes * 60_000
  );
}
