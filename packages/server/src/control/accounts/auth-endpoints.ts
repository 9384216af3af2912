import { avatarUrl, displayName, email, password, username } from '@tallylight/protocol/entities/account.ts';
import { z } from 'zod';
import type { Attempt } from './attempt-limits.ts';

/** One thing that may be asked of the sign-in library. */
export interface AuthEndpoint {
  /** Members that are not listed do not reach the library. Absent: there is no body. */
  readonly body?: z.ZodObject;
  /** What is counted. Default `other`. */
  readonly attempt?: Attempt;
  /** Whose limit by account counts: a member of the body, or who is signed in. */
  readonly account?: 'email' | 'username' | 'session';
  /** True: only for who has an account and has just proven who they are, because it gives or takes a way to sign in. */
  readonly stepUp?: true;
}

/** A password that is compared, not set: any length that the library reads. */
const typed = z.string().min(1).max(128);
/** Where to go afterwards: a path of ours. `//host` and `/\\host` would leave this site. */
const target = z
  .string()
  .max(1000)
  .regex(/^\/(?![/\\])[^\s\\]*$/)
  .optional();
const credential = z.looseObject({ id: z.string().max(2000) });
const keyName = z.string().trim().min(1).max(100);

/**
 * All that is reachable under `/api/auth`: method and path to what the body may hold. The library has more, such as changing one's own
 * row by any field: what is not here does not exist.
 */
export const AUTH_ENDPOINTS: ReadonlyMap<string, AuthEndpoint> = new Map<string, AuthEndpoint>([
  [
    'POST /sign-up/email',
    {
      body: z.object({
        name: displayName,
        email,
        password,
        username: username.optional(),
        image: avatarUrl.optional(),
        callbackURL: target,
      }),
      attempt: 'sign-up',
    },
  ],
  [
    'POST /sign-in/email',
    {
      body: z.object({ email, password: typed, rememberMe: z.boolean().optional(), callbackURL: target }),
      attempt: 'login',
      account: 'email',
    },
  ],
  [
    'POST /sign-in/username',
    {
      body: z.object({ username, password: typed, rememberMe: z.boolean().optional(), callbackURL: target }),
      attempt: 'login',
      account: 'username',
    },
  ],
  ['POST /sign-in/anonymous', { body: z.object({ name: displayName }), attempt: 'guest' }],
  [
    'POST /sign-in/social',
    {
      body: z.object({
        provider: z.string().max(40),
        callbackURL: target,
        errorCallbackURL: target,
        newUserCallbackURL: target,
        disableRedirect: z.boolean().optional(),
      }),
      attempt: 'login',
    },
  ],
  ['GET /callback/*', { attempt: 'login' }],
  ['POST /sign-out', {}],
  ['GET /get-session', {}],
  [
    'POST /change-password',
    {
      body: z.object({
        currentPassword: typed,
        newPassword: password,
        // Whoever changes it may do so because somebody else is signed in.
        revokeOtherSessions: z.literal(true).default(true),
      }),
      attempt: 'login',
      account: 'session',
    },
  ],
  ['POST /request-password-reset', { body: z.object({ email }), attempt: 'reset', account: 'email' }],
  [
    'POST /reset-password',
    { body: z.object({ token: z.string().min(1).max(200), newPassword: password }), attempt: 'login' },
  ],
  [
    'POST /send-verification-email',
    { body: z.object({ email, callbackURL: target }), attempt: 'reset', account: 'email' },
  ],
  ['GET /verify-email', {}],
  ['GET /passkey/generate-register-options', { stepUp: true }],
  [
    'POST /passkey/verify-registration',
    { body: z.object({ response: credential, name: keyName.optional() }), stepUp: true },
  ],
  ['GET /passkey/generate-authenticate-options', {}],
  ['POST /passkey/verify-authentication', { body: z.object({ response: credential }), attempt: 'login' }],
  ['GET /passkey/list-user-passkeys', {}],
  ['POST /passkey/delete-passkey', { body: z.object({ id: z.uuid() }), stepUp: true }],
  ['POST /passkey/update-passkey', { body: z.object({ id: z.uuid(), name: keyName }) }],
  ['GET /jwks', {}],
  ['GET /token', {}],
  ['GET /ok', {}],
]);

/** What is asked for; undefined: nothing that there is. */
export function endpointOf(method: string, path: string): AuthEndpoint | undefined {
  const family = path.startsWith('/callback/') ? '/callback/*' : path;
  return AUTH_ENDPOINTS.get(`${method} ${family}`);
}
