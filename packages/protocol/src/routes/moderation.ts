import { z } from 'zod';
import { lenientText, page, streamParams, success, uuid } from '../entities/basics.ts';
import {
  autoModChange,
  autoModConfig,
  banScope,
  chatSettings,
  messageVerdict,
  moderationAction,
  moderationLog,
  moderatorPermissions,
  streamBan,
  streamModerator,
  streamTimeout,
} from '../entities/moderation.ts';
import { chatModeInput } from '../entities/stream.ts';
import { defineRoute } from '../route.ts';

const personParams = streamParams.extend({ userId: uuid });
const reason = z.string().trim().max(500);
/** A year; longer is what a permanent ban is for. */
const durationMinutes = z.number().int().min(1).max(525_600);
/** Two weeks. */
const durationSeconds = z.number().int().min(1).max(1_209_600);
const slowModeSeconds = z.number().int().min(0).max(120);

const common = { tag: 'moderation', access: 'user' } as const;
const refusals = ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'NOT_FOUND'] as const;

/** Body of a ban. Without `durationMinutes` it is permanent. */
export const banInput = z.object({
  userId: uuid,
  reason: reason.optional(),
  durationMinutes: durationMinutes.optional(),
  scope: banScope.default('stream'),
});

/** Body of a change of chat settings: what is absent stays. */
export const chatSettingsChange = z
  .object({
    mode: chatModeInput,
    slowModeSeconds,
    followerOnly: z.boolean(),
    subscriberOnly: z.boolean(),
    /** Minutes; `null`: no such rule. */
    minAccountAge: z.number().int().min(0).max(525_600).nullable(),
  })
  .partial();
/** See {@link chatSettingsChange}. */
export type ChatSettingsChange = z.output<typeof chatSettingsChange>;

/** Body of POST …/moderate: an action and whom or what it is about. */
export const moderateInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('ban'), ...banInput.shape }),
  z.object({ action: z.literal('unban'), userId: uuid }),
  z.object({
    action: z.literal('timeout'),
    userId: uuid,
    durationSeconds: durationSeconds.default(600),
    reason: reason.optional(),
  }),
  z.object({ action: z.literal('untimeout'), userId: uuid }),
  z.object({ action: z.literal('delete_message'), messageId: uuid, reason: reason.optional() }),
  z.object({ action: z.literal('warn'), userId: uuid, reason: reason.optional() }),
]);
/** See {@link moderateInput}. */
export type ModerateInput = z.output<typeof moderateInput>;

/** Routes of those who keep order. */
export const moderationRoutes = {
  listModerators: defineRoute({
    ...common,
    method: 'GET',
    path: '/api/streams/:id/moderators',
    operation: 'listModerators',
    summary: 'The moderators of a stream.',
    access: 'public',
    params: streamParams,
    response: z.array(streamModerator),
    errors: ['STREAM_NOT_FOUND'],
  }),
  addModerator: defineRoute({
    ...common,
    method: 'POST',
    path: '/api/streams/:id/moderators',
    operation: 'addModerator',
    summary: 'Makes somebody moderator of a stream, for its owners.',
    params: streamParams,
    body: z.object({ userId: uuid, permissions: moderatorPermissions.partial().optional() }),
    response: streamModerator,
    status: 201,
    errors: [...refusals, 'CONFLICT'],
  }),
  removeModerator: defineRoute({
    ...common,
    method: 'DELETE',
    path: '/api/streams/:id/moderators/:userId',
    operation: 'removeModerator',
    summary: 'Takes it back, for owners and for oneself.',
    params: personParams,
    response: success,
    errors: refusals,
  }),
  listBans: defineRoute({
    ...common,
    method: 'GET',
    path: '/api/streams/:id/bans',
    operation: 'listBans',
    summary: 'Who is banned now, for moderators.',
    params: streamParams,
    query: page,
    response: z.array(streamBan),
    errors: refusals,
  }),
  ban: defineRoute({
    ...common,
    method: 'POST',
    path: '/api/streams/:id/bans',
    operation: 'banUser',
    summary: 'Bans somebody from a stream or its whole channel.',
    params: streamParams,
    body: banInput,
    response: streamBan,
    status: 201,
    errors: [...refusals, 'CONFLICT'],
  }),
  unban: defineRoute({
    ...common,
    method: 'DELETE',
    path: '/api/streams/:id/bans/:userId',
    operation: 'unbanUser',
    summary: 'Lifts every ban of the person that the caller may lift.',
    params: personParams,
    response: success,
    errors: refusals,
  }),
  timeout: defineRoute({
    ...common,
    method: 'POST',
    path: '/api/streams/:id/timeouts',
    operation: 'timeoutUser',
    summary: 'Silences somebody for some seconds.',
    params: streamParams,
    body: z.object({
      userId: uuid,
      durationSeconds: durationSeconds.default(600),
      reason: reason.optional(),
    }),
    response: streamTimeout,
    status: 201,
    errors: refusals,
  }),
  removeTimeout: defineRoute({
    ...common,
    method: 'DELETE',
    path: '/api/streams/:id/timeouts/:userId',
    operation: 'removeTimeout',
    summary: 'Lets somebody write again before their time is over.',
    params: personParams,
    response: success,
    errors: refusals,
  }),
  chatSettings: defineRoute({
    ...common,
    method: 'GET',
    path: '/api/streams/:id/chat/settings',
    operation: 'getChatSettings',
    summary: 'Who may write, and how often.',
    access: 'public',
    params: streamParams,
    response: chatSettings,
    errors: ['STREAM_NOT_FOUND'],
  }),
  changeChatSettings: defineRoute({
    ...common,
    method: 'PATCH',
    path: '/api/streams/:id/chat/settings',
    operation: 'changeChatSettings',
    summary: 'Changes who may write and how often, for moderators.',
    params: streamParams,
    body: chatSettingsChange,
    response: chatSettings,
    errors: refusals,
  }),
  autoMod: defineRoute({
    ...common,
    method: 'GET',
    path: '/api/streams/:id/automod',
    operation: 'getAutoModConfig',
    summary: 'What is checked without a moderator, for moderators.',
    params: streamParams,
    response: autoModConfig,
    errors: refusals,
  }),
  configureAutoMod: defineRoute({
    ...common,
    method: 'PATCH',
    path: '/api/streams/:id/automod',
    operation: 'configureAutoMod',
    summary: 'Changes what is checked, for owners and the moderators of the channel.',
    params: streamParams,
    body: autoModChange,
    response: autoModConfig,
    errors: refusals,
  }),
  checkMessage: defineRoute({
    ...common,
    method: 'POST',
    path: '/api/streams/:id/automod/check',
    operation: 'checkMessage',
    summary: 'Whether the chat would take this message of the caller now. Says nothing in the chat.',
    params: streamParams,
    body: z.object({ content: lenientText(16_000) }),
    response: messageVerdict,
    errors: ['STREAM_NOT_FOUND'],
  }),
  log: defineRoute({
    ...common,
    method: 'GET',
    path: '/api/streams/:id/moderation/log',
    operation: 'listModerationLog',
    summary: 'What moderators did, the newest first, for moderators.',
    params: streamParams,
    query: page.extend({ action: moderationAction.optional() }),
    response: z.array(moderationLog),
    errors: refusals,
  }),
  moderate: defineRoute({
    ...common,
    method: 'POST',
    path: '/api/streams/:id/moderate',
    operation: 'moderate',
    summary: 'Any of the actions above by one route.',
    params: streamParams,
    body: moderateInput,
    response: success,
    errors: [...refusals, 'CONFLICT'],
  }),
};
