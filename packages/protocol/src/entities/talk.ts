import { z } from 'zod';
import { publicUser, timestamp, uuid } from './basics.ts';

/** One message of a stream's chat. A deleted one has an empty `content`. */
export const chatMessage = z.object({
  id: uuid,
  streamId: uuid,
  userId: uuid,
  content: z.string(),
  /** Position in the stream's chat: 1, 2, 3, … A hole means that messages were missed. */
  seq: z.number().int(),
  /** The sender's own id of it. */
  clientId: z.string(),
  isPinned: z.boolean(),
  isDeleted: z.boolean(),
  isHighlighted: z.boolean(),
  deletedAt: timestamp.optional(),
  deletedBy: uuid.optional(),
  createdAt: timestamp,
  user: publicUser
    .extend({ isModerator: z.boolean().optional(), isSubscriber: z.boolean().optional() })
    .optional(),
});
/** See {@link chatMessage}. */
export type StreamChatMessage = z.output<typeof chatMessage>;

/** The eight reactions that nchat names. */
export const reactionType = z.enum(['heart', 'like', 'fire', 'clap', 'laugh', 'wow', 'sad', 'angry']);
/** See {@link reactionType}. */
export type ReactionType = z.output<typeof reactionType>;

/** One reaction. Position is in percent of the picture. */
export const reaction = z.object({
  id: uuid,
  streamId: uuid,
  userId: uuid.optional(),
  emoji: z.string(),
  reactionType: reactionType.nullable(),
  positionX: z.number().optional(),
  positionY: z.number().optional(),
  createdAt: timestamp,
  user: publicUser.optional(),
});
/** See {@link reaction}. */
export type StreamReaction = z.output<typeof reaction>;

/** Reactions of one emoji that came within one interval. */
export const reactionBurst = z.object({
  streamId: uuid,
  emoji: z.string(),
  count: z.number().int(),
  startTime: timestamp,
  endTime: timestamp,
});
/** See {@link reactionBurst}. */
export type ReactionBurst = z.output<typeof reactionBurst>;

/** A question of the audience. */
export const question = z.object({
  id: uuid,
  streamId: uuid,
  userId: uuid,
  content: z.string(),
  status: z.enum(['open', 'answered', 'dismissed']),
  answer: z.string().optional(),
  upvotes: z.number().int(),
  /** The caller's own vote; absent in broadcasts. */
  hasUpvoted: z.boolean().optional(),
  answeredAt: timestamp.optional(),
  answeredBy: uuid.optional(),
  createdAt: timestamp,
  user: publicUser.optional(),
});
/** See {@link question}. */
export type StreamQuestion = z.output<typeof question>;
