import { z } from 'zod';
import { givenTime, percent, streamParams } from '../entities/basics.ts';
import { reaction } from '../entities/talk.ts';
import { defineRoute } from '../route.ts';

/**
 * A reaction as nchat's three callers name it: by `emoji`, by `reaction_type`, or by `type`, which has `thumbsup` and `smile` besides.
 * Positions are in percent of the picture.
 */
export const reactionInput = z.object({
  emoji: z.string().min(1).max(64).optional(),
  reaction_type: z.string().max(40).optional(),
  reactionType: z.string().max(40).optional(),
  type: z.string().max(40).optional(),
  positionX: percent.optional(),
  positionY: percent.optional(),
});
/** See {@link reactionInput}. */
export type ReactionInput = z.input<typeof reactionInput>;

/** The routes of a stream's reactions. */
export const reactionRoutes = {
  send: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/reactions',
    operation: 'sendReaction',
    summary: 'React to a live stream with one emoji',
    tag: 'Reactions',
    access: 'user',
    params: streamParams,
    body: reactionInput,
    response: reaction,
    bothSpellings: true,
    errors: [
      'STREAM_NOT_FOUND',
      'STREAM_NOT_LIVE',
      'REACTIONS_DISABLED',
      'VIEWER_BANNED',
      'VIEWER_TIMED_OUT',
      'RATE_LIMITED',
    ],
  }),
  list: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/reactions',
    operation: 'listReactions',
    summary: 'The latest reactions of a stream, newest first',
    tag: 'Reactions',
    access: 'public',
    params: streamParams,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(50),
      /** Only reactions after this moment. */
      since: givenTime.optional(),
    }),
    response: z.object({ reactions: z.array(reaction), total: z.number().int() }),
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND'],
  }),
};
