import { z } from 'zod';
import { lenientText, percent, uuid } from '../entities/basics.ts';
import { streamQuality } from '../entities/stream.ts';
import { chatMessage, question } from '../entities/talk.ts';

/** Id that a player makes for one playback: tabs and reconnects with the same one are one viewer. */
const sessionId = z.string().min(8).max(64);
/** Id that a sender makes for what it sends: sent twice, it is done once. */
const clientId = z.string().min(1).max(64);
/** Longer ones are refused here; how long one may be is the service's rule. */
const text = lenientText(4000);
const ofStream = z.object({ streamId: uuid });
const ofMessage = z.object({ streamId: uuid, messageId: uuid });
const nothing = z.object({});

/**
 * What a client may ask of the realtime server: event name → its payload and what the acknowledgement holds beside `ok: true`. Who may do
 * it is the services' question.
 */
export const CLIENT_EVENTS = {
  /** Enters the room of a stream. With a `sessionId` the client counts as a viewer, without one it only listens. */
  'stream:join': {
    request: ofStream.extend({ sessionId: sessionId.optional() }),
    answer: z.object({ viewerCount: z.number().int(), isModerator: z.boolean() }),
  },
  'stream:leave': { request: ofStream, answer: nothing },
  /** Acknowledged once the message is durable. */
  'chat:send': {
    request: ofStream.extend({ content: text, clientId }),
    answer: z.object({ message: chatMessage }),
  },
  'chat:delete': { request: ofMessage, answer: nothing },
  'chat:pin': { request: ofMessage, answer: nothing },
  'chat:unpin': { request: ofMessage, answer: nothing },
  /** Messages after or before a position, oldest first; the newest ones without either. */
  'chat:history': {
    request: ofStream.extend({
      afterSeq: z.number().int().min(0).optional(),
      beforeSeq: z.number().int().min(1).optional(),
      limit: z.number().int().min(1).max(200).default(100),
    }),
    answer: z.object({
      /** Another one than before: what the client holds is of a history that is lost. */
      epoch: z.string(),
      /** Position of the newest message of the stream. */
      lastSeq: z.number().int(),
      messages: z.array(chatMessage),
    }),
  },
  'reaction:send': {
    request: ofStream.extend({
      emoji: z.string().min(1).max(32),
      positionX: percent.optional(),
      positionY: percent.optional(),
    }),
    answer: nothing,
  },
  'question:ask': {
    request: ofStream.extend({ content: z.string().max(4000), clientId }),
    answer: z.object({ question }),
  },
  'question:upvote': {
    request: ofStream.extend({ questionId: uuid, isUpvoted: z.boolean().default(true) }),
    answer: z.object({ question }),
  },
  /** Every 10 s while something plays; the session must have joined on this connection. */
  'viewer:heartbeat': {
    request: ofStream.extend({
      sessionId,
      quality: streamQuality.optional(),
      /** Such as `ll-hls` or `webrtc`. */
      transport: z.string().max(20).optional(),
      latencyMs: z.number().min(0).max(3_600_000).optional(),
      bufferedMs: z.number().min(0).max(3_600_000).optional(),
      stalls: z.number().int().min(0).max(1_000_000).optional(),
      isPlaying: z.boolean().optional(),
    }),
    answer: nothing,
  },
} as const satisfies Record<string, { readonly request: z.ZodObject; readonly answer: z.ZodObject }>;

/** Name of an event of {@link CLIENT_EVENTS}. */
export type ClientEvent = keyof typeof CLIENT_EVENTS;
/** What a client sends. */
export type ClientRequestInput<E extends ClientEvent> = z.input<(typeof CLIENT_EVENTS)[E]['request']>;
/** The same after validation, with defaults. */
export type ClientRequest<E extends ClientEvent> = z.output<(typeof CLIENT_EVENTS)[E]['request']>;
/** What comes back. */
export type ClientAnswer<E extends ClientEvent> = z.output<(typeof CLIENT_EVENTS)[E]['answer']>;

/** Why something was refused, in an acknowledgement and in `connect_error.data`. */
export interface RealtimeError {
  /** A code of the error catalogue. */
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** An acknowledgement. */
export type Acknowledgement<A> =
  | ({ readonly ok: true } & A)
  | { readonly ok: false; readonly error: RealtimeError };
