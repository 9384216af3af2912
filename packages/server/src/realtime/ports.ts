import type { StreamChatMessage, StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import type { ClientRequest } from '@tallylight/protocol/realtime/client-events.ts';
import type { Actor } from '../api/actor.ts';

/** What somebody may do in the room of a stream. */
export interface StreamRights {
  readonly channelId: string;
  /** Owner or moderator: hears of quality, bans, and everything else that is not for viewers. */
  readonly moderates: boolean;
}

/** Port: who may be in the room of a stream. */
export interface StreamAccess {
  /** Undefined: there is no such stream, or the actor may not know of it. */
  rightsOn(actor: Actor, streamId: string): Promise<StreamRights | undefined>;
}

/** A playback that began, or that goes on over another connection. */
export interface PlaybackJoin {
  readonly streamId: string;
  /** The player's own id of it. */
  readonly sessionId: string;
  readonly actor: Actor;
  /** The client's address as limits count it. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** Port: who watches. Tells `viewer-joined` and `viewer-left` of {@link ControlEvents}, once per playback session. */
export interface ViewerPresence {
  /** Joining twice is joining once. */
  join(playback: PlaybackJoin): Promise<void>;
  leave(streamId: string, sessionId: string, actor: Actor): Promise<void>;
  heartbeat(actor: Actor, beat: ClientRequest<'viewer:heartbeat'>): Promise<void>;
  /** Playback sessions of a stream at this moment, from memory. */
  count(streamId: string): number;
}

/** Port: the chat and its rules. What it does it tells on {@link ControlEvents}, after it was committed. */
export interface ChatPort {
  /** Resolves once it is durable; the same client id again resolves to the same message. */
  send(actor: Actor, message: ClientRequest<'chat:send'>): Promise<StreamChatMessage>;
  delete(actor: Actor, streamId: string, messageId: string): Promise<unknown>;
  pin(actor: Actor, streamId: string, messageId: string): Promise<unknown>;
  unpin(actor: Actor, streamId: string, messageId: string): Promise<unknown>;
  /** Oldest first: those after `afterSeq` or before `beforeSeq`, or the newest. */
  since(actor: Actor, request: ClientRequest<'chat:history'>): Promise<ChatHistory>;
}

/** A part of a chat. */
export interface ChatHistory {
  /** See `chat:history` of the protocol. */
  readonly epoch: string;
  readonly lastSeq: number;
  readonly messages: readonly StreamChatMessage[];
}

/** Port: reactions and their rules. Tells `reaction` of {@link ControlEvents} for each that it took. */
export interface ReactionPort {
  react(actor: Actor, reaction: ClientRequest<'reaction:send'>): Promise<unknown>;
}

/** Port: questions of the audience and their rules. */
export interface QuestionPort {
  ask(actor: Actor, question: ClientRequest<'question:ask'>): Promise<StreamQuestion>;
  upvote(actor: Actor, vote: ClientRequest<'question:upvote'>): Promise<StreamQuestion>;
}
