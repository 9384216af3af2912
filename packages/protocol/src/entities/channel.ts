import { z } from 'zod';
import { publicUser, timestamp, uuid } from './basics.ts';

/**
 * What somebody is in a channel. `owner` does everything, `admin` everything but closing the channel and naming owners and admins,
 * `broadcaster` streams, `moderator` keeps order, `viewer` sees what is private.
 */
export const channelRole = z.enum(['owner', 'admin', 'broadcaster', 'moderator', 'viewer']);
/** See {@link channelRole}. */
export type ChannelRole = z.output<typeof channelRole>;

/** A name of a channel in addresses: lower-case letters, digits and hyphens. Never of the form of an id. */
export const channelSlug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$/, 'slug must be 3 to 64 of a–z, 0–9 and hyphens inside')
  .refine((slug) => !uuid.safeParse(slug).success, 'slug must not look like an id');

/** A channel's id, or its slug. */
export const channelReference = z.union([uuid, channelSlug]);

/** Text that a database keeps: every character but NUL. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not have NUL characters');

/** A channel as the API gives it, to the caller. */
export const channel = z.object({
  id: uuid,
  slug: z.string().optional(),
  name: z.string(),
  description: z.string().optional(),
  avatarUrl: z.string().optional(),
  /** Exists for its members only. */
  isPrivate: z.boolean(),
  /** What the caller is in it; `member` is a host app's word. */
  role: z.union([channelRole, z.literal('member')]).optional(),
  memberCount: z.number().int(),
  followerCount: z.number().int(),
  /** The caller follows it. */
  isFollowing: z.boolean(),
  /** The caller's subscription holds now. */
  isSubscribed: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
/** See {@link channel}. */
export type Channel = z.output<typeof channel>;

const settings = {
  name: text.trim().min(1, 'name must not be empty').max(100),
  slug: channelSlug,
  description: text.max(2000),
  avatarUrl: text
    .max(2000)
    .refine((url) => /^(?:https?:\/\/|\/)/.test(url), 'must be an http(s) URL or a path'),
  isPrivate: z.boolean(),
};

/** Body of a create; without a slug one is made of the name. */
export const createChannelInput = z.object(settings).partial().required({ name: true });
/** See {@link createChannelInput}. */
export type CreateChannelInput = z.input<typeof createChannelInput>;

/** Body of an update: what is absent stays, `null` clears. */
export const updateChannelInput = z
  .object({
    ...settings,
    description: settings.description.nullable(),
    avatarUrl: settings.avatarUrl.nullable(),
  })
  .partial();
/** See {@link updateChannelInput}. */
export type UpdateChannelInput = z.input<typeof updateChannelInput>;

/** Somebody in a channel. */
export const channelMember = z.object({
  channelId: uuid,
  userId: uuid,
  role: z.union([channelRole, z.literal('member')]),
  joinedAt: timestamp,
  user: publicUser,
});
/** See {@link channelMember}. */
export type ChannelMember = z.output<typeof channelMember>;
