import { z } from 'zod';
import { timestamp, uuid } from './basics.ts';

/** Longest display name, in code points. */
export const MAX_DISPLAY_NAME = 25;

/** Control characters, and those that turn the direction of writing: a name must not repaint what stands beside it. */
const UNSEEN = /[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** What a person is called: 1 to 25 characters, trimmed. */
export const displayName = z
  .string()
  .max(200)
  .transform((name) => name.normalize('NFC').trim())
  .refine((name) => name !== '' && Array.from(name).length <= MAX_DISPLAY_NAME, '1 to 25 characters')
  .refine((name) => !UNSEEN.test(name), 'no control characters');
/** What a person is found by: 3 to 25 letters, digits, dots and underscores; lower case in the store. */
export const username = z
  .string()
  .min(3)
  .max(25)
  .regex(/^[a-zA-Z0-9_.]+$/)
  .transform((name) => name.toLowerCase());
/** An address for mail. */
export const email = z.email().max(254);
/** 10 to 128 characters; nothing else is asked. */
export const password = z.string().min(10).max(128);
/** Address of a picture: https, or a path of this server. */
export const avatarUrl = z
  .string()
  .max(500)
  .refine(
    (url) => /^\/(?![/\\])[^\s\\]*$/.test(url) || (url.startsWith('https://') && URL.canParse(url)),
    'an https URL',
  );

/** What an API token may do; see `scopeFor`. */
export const apiTokenScope = z.enum(['read', 'write', 'admin']);
/** See {@link apiTokenScope}. */
export type ApiTokenScope = z.output<typeof apiTokenScope>;

/** The scope that a request with this method needs: `read` for GET, otherwise `write`. `admin` adds the rights of an administrator. */
export function scopeFor(method: string): ApiTokenScope {
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}

/** A person as that person sees it. */
export const me = z.object({
  id: uuid,
  username: z.string().nullable(),
  displayName: z.string().nullable(),
  avatarUrl: z.string().nullable(),
  /** Null for guests and for people of a host app. */
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  isGuest: z.boolean(),
  /** `admin`: an administrator of this server. */
  role: z.enum(['user', 'admin']),
  /** What proved who they are. */
  signedInBy: z.enum(['session', 'api-token', 'host-token']),
  /** Until when routes that need a fresh proof accept this session; null: a proof is needed. */
  stepUpUntil: timestamp.nullable(),
  createdAt: timestamp,
});
/** See {@link me}. */
export type Me = z.output<typeof me>;

/** A person as administrators see it. */
export const account = z.object({
  id: uuid,
  username: z.string().nullable(),
  displayName: z.string().nullable(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  isGuest: z.boolean(),
  role: z.enum(['user', 'admin']),
  disabledAt: timestamp.nullable(),
  createdAt: timestamp,
});
/** See {@link account}. */
export type Account = z.output<typeof account>;

/** A place where a person is signed in. */
export const session = z.object({
  id: uuid,
  userAgent: z.string().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp,
  /** The one that asks. */
  isCurrent: z.boolean(),
});
/** See {@link session}. */
export type Session = z.output<typeof session>;

/** An API token without the token itself. */
export const apiToken = z.object({
  id: uuid,
  name: z.string(),
  last4: z.string(),
  scopes: z.array(apiTokenScope),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
});
/** See {@link apiToken}. */
export type ApiToken = z.output<typeof apiToken>;

/** What the sign-in page offers. */
export const signInOptions = z.object({
  /** No administrator yet: the token on the server's console makes the first one. */
  needsSetup: z.boolean(),
  signUp: z.enum(['open', 'closed']),
  guests: z.boolean(),
  passwordResetByMail: z.boolean(),
  /** OpenID Connect providers, for `POST /api/auth/sign-in/social { provider }`. */
  providers: z.array(z.object({ id: z.string(), name: z.string() })),
});
/** See {@link signInOptions}. */
export type SignInOptions = z.output<typeof signInOptions>;
