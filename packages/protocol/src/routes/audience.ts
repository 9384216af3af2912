import { z } from 'zod';
import {
  follow,
  follower,
  followState,
  notification,
  notificationSettings,
  reminder,
  reminderMinutes,
  subscription,
} from '../entities/audience.ts';
import { givenTime, page, streamParams, success, uuid } from '../entities/basics.ts';
import { defineRoute } from '../route.ts';

const channelParams = z.object({ id: uuid });
const subscriberParams = channelParams.extend({ userId: uuid });

function followRoute<const O extends string, const P extends string>(operation: O, path: P, summary: string) {
  return { operation, path, summary, tag: 'Follows', params: channelParams, response: followState } as const;
}

/** The routes of follows. */
export const followRoutes = {
  followUser: defineRoute({
    ...followRoute('followUser', '/api/users/:id/follow', 'Follow somebody'),
    method: 'POST',
    access: 'user',
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  unfollowUser: defineRoute({
    ...followRoute('unfollowUser', '/api/users/:id/follow', 'Follow somebody no more'),
    method: 'DELETE',
    access: 'user',
    errors: ['NOT_FOUND'],
  }),
  userFollow: defineRoute({
    ...followRoute(
      'getUserFollow',
      '/api/users/:id/follow',
      'How many follow somebody, and whether the caller does',
    ),
    method: 'GET',
    access: 'public',
    errors: ['NOT_FOUND'],
  }),
  followChannel: defineRoute({
    ...followRoute('followChannel', '/api/channels/:id/follow', 'Follow a channel'),
    method: 'POST',
    access: 'user',
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  unfollowChannel: defineRoute({
    ...followRoute('unfollowChannel', '/api/channels/:id/follow', 'Follow a channel no more'),
    method: 'DELETE',
    access: 'user',
    errors: ['NOT_FOUND'],
  }),
  channelFollow: defineRoute({
    ...followRoute(
      'getChannelFollow',
      '/api/channels/:id/follow',
      'How many follow a channel, and whether the caller does',
    ),
    method: 'GET',
    access: 'public',
    errors: ['NOT_FOUND'],
  }),
  following: defineRoute({
    method: 'GET',
    path: '/api/follows',
    operation: 'listFollows',
    summary: 'Whom and which channels the caller follows',
    tag: 'Follows',
    access: 'user',
    query: page,
    response: z.object({ follows: z.array(follow), total: z.number().int() }),
  }),
  followers: defineRoute({
    method: 'GET',
    path: '/api/channels/:id/followers',
    operation: 'listChannelFollowers',
    summary: 'Who follows a channel; for its owners and admins',
    tag: 'Follows',
    access: 'user',
    params: channelParams,
    query: page,
    response: z.object({ followers: z.array(follower), total: z.number().int() }),
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
};

/** The routes of subscriptions. */
export const subscriptionRoutes = {
  put: defineRoute({
    method: 'PUT',
    path: '/api/channels/:id/subscribers/:userId',
    operation: 'putSubscriber',
    summary: 'State that somebody subscribes to a channel',
    tag: 'Subscriptions',
    access: 'account',
    params: subscriberParams,
    body: z.object({
      tier: z
        .string()
        .regex(/^[\w .-]{1,40}$/, 'tier must be 1 to 40 letters, digits, blanks, dots or hyphens')
        .default('standard'),
      expiresAt: givenTime.optional(),
    }),
    response: subscription,
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
  remove: defineRoute({
    method: 'DELETE',
    path: '/api/channels/:id/subscribers/:userId',
    operation: 'deleteSubscriber',
    summary: 'State that somebody subscribes no more',
    tag: 'Subscriptions',
    access: 'account',
    params: subscriberParams,
    response: success,
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
  list: defineRoute({
    method: 'GET',
    path: '/api/channels/:id/subscribers',
    operation: 'listSubscribers',
    summary: 'A channel’s subscribers, to who runs it; to others their own subscription',
    tag: 'Subscriptions',
    access: 'user',
    params: channelParams,
    query: page,
    response: z.object({ subscriptions: z.array(subscription), total: z.number().int() }),
    errors: ['NOT_FOUND'],
  }),
};

/** The routes of notifications and reminders. */
export const notificationRoutes = {
  settings: defineRoute({
    method: 'GET',
    path: '/api/channels/:id/notifications',
    operation: 'getNotificationSettings',
    summary: 'What the caller wants to hear of a channel',
    tag: 'Notifications',
    access: 'user',
    params: channelParams,
    response: notificationSettings,
    errors: ['NOT_FOUND'],
  }),
  putSettings: defineRoute({
    method: 'PUT',
    path: '/api/channels/:id/notifications',
    operation: 'putNotificationSettings',
    summary: 'Change what the caller wants to hear of a channel',
    tag: 'Notifications',
    access: 'user',
    params: channelParams,
    body: z
      .object({
        onLive: z.boolean(),
        onScheduled: z.boolean(),
        byMail: z.boolean(),
        reminderMinutes: reminderMinutes.nullable(),
      })
      .partial(),
    response: notificationSettings,
    errors: ['NOT_FOUND'],
  }),
  putReminder: defineRoute({
    method: 'PUT',
    path: '/api/streams/:id/reminder',
    operation: 'putReminder',
    summary: 'Be reminded of a scheduled stream',
    tag: 'Notifications',
    access: 'user',
    params: streamParams,
    body: z.object({ minutesBefore: reminderMinutes.default(10) }).default({ minutesBefore: 10 }),
    response: reminder,
    errors: ['STREAM_NOT_FOUND', 'STREAM_NOT_SCHEDULED', 'CONFLICT'],
  }),
  deleteReminder: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/reminder',
    operation: 'deleteReminder',
    summary: 'Not be reminded of a stream',
    tag: 'Notifications',
    access: 'user',
    params: streamParams,
    response: success,
  }),
  list: defineRoute({
    method: 'GET',
    path: '/api/notifications',
    operation: 'listNotifications',
    summary: 'What the caller was told, newest first',
    tag: 'Notifications',
    access: 'user',
    query: page.extend({ unread: z.stringbool().default(false) }),
    response: z.object({
      notifications: z.array(notification),
      total: z.number().int(),
      unread: z.number().int(),
    }),
  }),
  read: defineRoute({
    method: 'POST',
    path: '/api/notifications/read',
    operation: 'readNotifications',
    summary: 'Mark notifications as read: some, or all',
    tag: 'Notifications',
    access: 'user',
    body: z.object({ ids: z.array(uuid).max(100).optional() }).default({}),
    response: success,
  }),
};
