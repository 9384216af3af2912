import type { Stream } from '../entities/stream.ts';
import type { ReactionBurst, StreamChatMessage, StreamQuestion, StreamReaction } from '../entities/talk.ts';
import type { StreamQualityMetrics } from '../entities/viewing.ts';

/** What the server tells the room of a stream: event name to payload. Only the server is their author. */
export interface StreamSocketEvents {
  'stream:start': { readonly streamId: string; readonly hlsManifestUrl: string };
  'stream:end': { readonly streamId: string; readonly reason: string };
  /** To the broadcaster and moderators. */
  'stream:quality-update': StreamQualityMetrics;
  /** Joins are summed: `viewerId` is the last of them, `joined` how many there were. */
  'stream:viewer-joined': {
    readonly streamId: string;
    readonly viewerId: string;
    readonly viewerCount: number;
    readonly joined: number;
  };
  'stream:viewer-left': {
    readonly streamId: string;
    readonly viewerId: string;
    readonly viewerCount: number;
    readonly left: number;
  };
  'stream:viewer-count': { readonly streamId: string; readonly count: number };
  'stream:chat-message': StreamChatMessage;
  'stream:chat-deleted': {
    readonly streamId: string;
    readonly messageId: string;
    readonly deletedBy?: string;
  };
  'stream:chat-pinned': {
    readonly streamId: string;
    readonly messageId: string;
    readonly message: StreamChatMessage;
  };
  'stream:chat-unpinned': { readonly streamId: string; readonly messageId: string };
  /** One reaction; above a rate the sums of an interval come instead. */
  'stream:reaction': StreamReaction;
  'stream:reaction-burst': { readonly streamId: string; readonly bursts: readonly ReactionBurst[] };
  'stream:updated': { readonly streamId: string; readonly stream: Partial<Stream> };
  'stream:question-asked': StreamQuestion;
  'stream:question-updated': StreamQuestion;
  /** To moderators and to the person. */
  'stream:user-banned': {
    readonly streamId: string;
    readonly userId: string;
    readonly kind: 'ban' | 'timeout' | 'lifted';
    readonly expiresAt?: string;
  };
  /** To one person, on every connection of theirs: a reminder, or that a stream went live. */
  'stream:notification': { readonly streamId: string; readonly kind: string };
  'stream:error': { readonly streamId: string; readonly error: string; readonly code?: string };
}

/** Name of an event of {@link StreamSocketEvents}. */
export type StreamSocketEvent = keyof StreamSocketEvents;
