import { z } from 'zod';
import { publicUser, timestamp, uuid } from './basics.ts';

/** Whether the caller follows somebody or a channel, and how many do. */
export const followState = z.object({
  success: z.literal(true),
  isFollowing: z.boolean(),
  followerCount: z.number().int(),
});
/** See {@link followState}. */
export type FollowState = z.output<typeof followState>;

/** Whom and what the caller follows, the latest first. */
export const follow = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), user: publicUser, createdAt: timestamp }),
  z.object({
    kind: z.literal('channel'),
    channel: z.object({
      id: uuid,
      slug: z.string().optional(),
      name: z.string(),
      avatarUrl: z.string().optional(),
    }),
    createdAt: timestamp,
  }),
]);
/** See {@link follow}. */
export type Follow = z.output<typeof follow>;

/** Somebody who follows a channel. */
export const follower = z.object({ userId: uuid, createdAt: timestamp, user: publicUser });
/** See {@link follower}. */
export type Follower = z.output<typeof follower>;

/** That somebody supports a channel: a fact that its owner or a host app states. */
export const subscription = z.object({
  channelId: uuid,
  userId: uuid,
  tier: z.string(),
  startedAt: timestamp,
  /** Absent: until it is taken back. */
  expiresAt: timestamp.optional(),
  isActive: z.boolean(),
  user: publicUser.optional(),
});
/** See {@link subscription}. */
export type Subscription = z.output<typeof subscription>;

/** Minutes before a scheduled stream; a week at most. */
export const reminderMinutes = z.number().int().min(0).max(10_080);

/** What somebody wants to hear of a channel that they follow. */
export const notificationSettings = z.object({
  channelId: uuid,
  /** A stream goes live. */
  onLive: z.boolean(),
  /** A stream is scheduled. */
  onScheduled: z.boolean(),
  /** By mail too. */
  byMail: z.boolean(),
  /** Reminds of every scheduled stream, so long before. Absent: does not. */
  reminderMinutes: reminderMinutes.optional(),
});
/** See {@link notificationSettings}. */
export type NotificationSettings = z.output<typeof notificationSettings>;

/** A reminder that the caller asked for. */
export const reminder = z.object({
  streamId: uuid,
  minutesBefore: reminderMinutes,
  sentAt: timestamp.optional(),
});
/** See {@link reminder}. */
export type Reminder = z.output<typeof reminder>;

/** What somebody was told. */
export const notification = z.object({
  id: uuid,
  kind: z.enum(['live', 'scheduled', 'reminder']),
  streamId: uuid,
  streamTitle: z.string(),
  streamStatus: z.string(),
  scheduledAt: timestamp.optional(),
  channelId: uuid,
  channelName: z.string(),
  readAt: timestamp.optional(),
  createdAt: timestamp,
});
/** See {@link notification}. */
export type LiveNotification = z.output<typeof notification>;
