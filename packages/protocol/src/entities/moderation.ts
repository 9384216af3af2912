import { z } from 'zod';
import { publicUser, timestamp, uuid } from './basics.ts';
import { chatMode } from './stream.ts';

/** What a stream's moderator may do. Who runs the channel, its broadcaster and the channel's moderators may do all of it. */
export const moderatorPermissions = z.object({
  canDeleteMessages: z.boolean(),
  canTimeoutUsers: z.boolean(),
  canBanUsers: z.boolean(),
  canSlowMode: z.boolean(),
  canSubscriberOnlyMode: z.boolean(),
  canPinMessages: z.boolean(),
});
/** See {@link moderatorPermissions}. */
export type ModeratorPermissions = z.output<typeof moderatorPermissions>;

/** What a new moderator may do when nothing else is said. */
export const DEFAULT_MODERATOR_PERMISSIONS: ModeratorPermissions = {
  canDeleteMessages: true,
  canTimeoutUsers: true,
  canBanUsers: false,
  canSlowMode: true,
  canSubscriberOnlyMode: false,
  canPinMessages: true,
};

/** Somebody who keeps order in one stream. */
export const streamModerator = z.object({
  /** That of the person: one is moderator of a stream once. */
  id: uuid,
  streamId: uuid,
  userId: uuid,
  addedBy: uuid.optional(),
  addedAt: timestamp,
  permissions: moderatorPermissions,
  user: publicUser.optional(),
});
/** See {@link streamModerator}. */
export type StreamModerator = z.output<typeof streamModerator>;

/** What a ban holds for: one stream, or every stream of its channel. */
export const banScope = z.enum(['stream', 'channel']);
/** See {@link banScope}. */
export type BanScope = z.output<typeof banScope>;

/** Somebody who may not write. */
export const streamBan = z.object({
  id: uuid,
  streamId: uuid,
  scope: banScope,
  userId: uuid,
  moderatorId: uuid.optional(),
  reason: z.string().optional(),
  isPermanent: z.boolean(),
  expiresAt: timestamp.optional(),
  createdAt: timestamp,
  user: publicUser.optional(),
});
/** See {@link streamBan}. */
export type StreamBan = z.output<typeof streamBan>;

/** Somebody who may not write for some seconds. */
export const streamTimeout = z.object({
  id: uuid,
  streamId: uuid,
  userId: uuid,
  moderatorId: uuid.optional(),
  reason: z.string().optional(),
  durationSeconds: z.number().int(),
  expiresAt: timestamp,
  createdAt: timestamp,
});
/** See {@link streamTimeout}. */
export type StreamTimeout = z.output<typeof streamTimeout>;

/** nchat's five actions, and what else moderators do. */
export const moderationAction = z.enum([
  'warn',
  'timeout',
  'ban',
  'unban',
  'delete_message',
  'untimeout',
  'pin_message',
  'unpin_message',
  'add_moderator',
  'remove_moderator',
  'chat_settings',
  'automod',
]);
/** See {@link moderationAction}. */
export type ModerationAction = z.output<typeof moderationAction>;

/** One thing a moderator did. */
export const moderationLog = z.object({
  id: uuid,
  streamId: uuid,
  moderatorId: uuid.optional(),
  targetUserId: uuid.optional(),
  action: moderationAction,
  reason: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  createdAt: timestamp,
});
/** See {@link moderationLog}. */
export type ModerationLog = z.output<typeof moderationLog>;

/** A word (or words, or a pattern with `*` for any letters) that messages must not hold. */
const blockedWord = z.string().trim().min(1).max(64);

/** What is checked without a moderator. Defaults are nchat's. */
export const autoModConfig = z.object({
  enabled: z.boolean().default(false),
  profanityFilter: z.boolean().default(true),
  spamDetection: z.boolean().default(true),
  linkBlocking: z.boolean().default(false),
  /** Percent of a message's letters, when it is longer than 10 characters. */
  capsLimit: z.number().int().min(0).max(100).default(80),
  /** Emoji and `:name:` emotes in one message. */
  emoteLimit: z.number().int().min(0).max(500).default(20),
  duplicateDetection: z.boolean().default(true),
  /** Minutes for which an account must have existed; holds also while `enabled` is false. */
  minAccountAge: z.number().int().min(0).max(525_600).optional(),
  blockedWords: z.array(blockedWord).max(200).default([]),
  /** Hosts, with the hosts below them. */
  allowedLinks: z.array(z.string().trim().toLowerCase().min(1).max(253)).max(100).default([]),
});
/** See {@link autoModConfig}. */
export type AutoModConfig = z.output<typeof autoModConfig>;

/** A change of {@link autoModConfig}: what is absent stays, `null` clears the account's age. */
export const autoModChange = z
  .object({
    enabled: z.boolean(),
    profanityFilter: z.boolean(),
    spamDetection: z.boolean(),
    linkBlocking: z.boolean(),
    capsLimit: z.number().int().min(0).max(100),
    emoteLimit: z.number().int().min(0).max(500),
    duplicateDetection: z.boolean(),
    minAccountAge: z.number().int().min(0).max(525_600).nullable(),
    blockedWords: z.array(blockedWord).max(200),
    allowedLinks: z.array(z.string().trim().toLowerCase().min(1).max(253)).max(100),
  })
  .partial();
/** See {@link autoModChange}. */
export type AutoModChange = z.output<typeof autoModChange>;

/** Who may write in a stream's chat, and how often. */
export const chatSettings = z.object({
  mode: chatMode,
  slowModeSeconds: z.number().int(),
  /** Minutes. */
  minAccountAge: z.number().int().optional(),
  followerOnly: z.boolean(),
  subscriberOnly: z.boolean(),
});
/** See {@link chatSettings}. */
export type ChatSettings = z.output<typeof chatSettings>;

/** What a check of a message says. */
export const messageVerdict = z.object({
  allowed: z.boolean(),
  reason: z.string().optional(),
  action: z.enum(['delete_message', 'warn']).optional(),
});
/** See {@link messageVerdict}. */
export type MessageVerdict = z.output<typeof messageVerdict>;
