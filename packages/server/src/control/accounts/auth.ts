import { passkey } from '@better-auth/passkey';
import { displayName, MAX_DISPLAY_NAME } from '@tallylight/protocol/entities/account.ts';
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { getAdapter } from 'better-auth/db/adapter';
import { anonymous, bearer, genericOAuth, jwt, username } from 'better-auth/plugins';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { v7 } from 'uuid';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AccountMails } from './account-mails.ts';
import type { AccountsLimits } from './accounts-limits.ts';
import { withHashedSessions } from './hashed-sessions.ts';
import { withLimitedPasskeys } from './limited-passkeys.ts';
import type { PasswordResets } from './password-resets.ts';

/** An OpenID Connect provider. */
export interface OidcProvider {
  /** Its issuer; the discovery document lies below it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As the sign-in page calls it. */
  readonly name: string;
}

/** Id of the one OpenID Connect provider, in `/api/auth/callback/oidc`. */
export const OIDC_PROVIDER_ID = 'oidc';

/** What {@link buildAuth} needs. */
export interface AuthOptions {
  readonly pool: pg.Pool;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits: AccountsLimits;
  /** Where browsers reach this server, without a path. `https:` makes cookies Secure and `__Host-`. */
  readonly publicUrl: string;
  /** Origins besides that one that may use it, for passkeys. */
  readonly trustedOrigins: readonly string[];
  /** True for the origin of this very request. */
  readonly isTrustedRequest: (request: Request) => boolean;
  readonly cookieSecret: string;
  readonly signUp: 'open' | 'closed';
  readonly oidc: OidcProvider | undefined;
  /** Undefined: no mail is sent, and passwords are reset on the command line. */
  readonly mails: AccountMails | undefined;
  /** Whether this person may not sign in. */
  readonly isDisabled: (userId: string) => Promise<boolean>;
  /** Links for new passwords, by mail and used. */
  readonly resets: Pick<PasswordResets, 'mailed' | 'used'>;
  readonly onSessionEnded: (session: { readonly id: string; readonly userId: string }) => void;
}

/** Name of the session's cookie: browsers bind a `__Host-` one to this very host, over TLS. */
export function cookiePrefix(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-tallylight' : 'tallylight';
}

/** The sign-in library, set up: what it may do is cut down further by the table of `auth-endpoints.ts`. */
export async function buildAuth(options: AuthOptions) {
  const settings = {
    ...core(options),
    plugins: [
      username({ minUsernameLength: 3, maxUsernameLength: 25, displayUsername: false }),
      anonymous({
        emailDomainName: 'guest.invalid',
        generateName: (ctx) => guestName(ctx.body),
        // The guest's messages stay in the chat; nobody is signed in as the guest any more.
        disableDeleteAnonymousUser: true,
        onLinkAccount: async ({ anonymousUser, ctx }) => {
          await ctx.context.internalAdapter.deleteUserSessions(anonymousUser.user.id);
        },
      }),
      // Only with our signature: what lies in the database opens nothing.
      bearer({ requireSignature: true }),
      passkey({
        rpName: 'Tallylight',
        rpID: new URL(options.publicUrl).hostname,
        origin: [new URL(options.publicUrl).origin, ...options.trustedOrigins],
        // The column is credential_id, which reads back as this.
        schema: { passkey: { fields: { credentialID: 'credentialId' } } },
      }),
      jwt({
        disableSettingJwtHeader: true,
        jwks: { keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' } },
        jwt: {
          issuer: options.publicUrl,
          audience: options.publicUrl,
          expirationTime: '15m',
          definePayload: ({ user }) =>
            user['isAnonymous'] === true
              ? { name: user.name, guest: true }
              : { name: user.name, email: user.email, email_verified: user.emailVerified },
        },
      }),
      ...oidcPlugins(options),
    ],
  } satisfies BetterAuthOptions;
  const kysely = new Kysely<never>({
    dialect: new PostgresDialect({ pool: options.pool }),
    plugins: [new CamelCasePlugin()],
  });
  const adapter = await getAdapter({
    ...settings,
    database: { db: kysely, type: 'postgres', schemaName: 'accounts', transaction: true },
  });
  const limited = withLimitedPasskeys(adapter, options.limits.passkeysPerUser);
  return betterAuth({ ...settings, database: () => withHashedSessions(limited) });
}

/** See {@link buildAuth}. */
export type Auth = Awaited<ReturnType<typeof buildAuth>>;

function core(options: AuthOptions) {
  const { limits, mails, resets } = options;
  return {
    appName: 'Tallylight',
    baseURL: options.publicUrl,
    basePath: '/api/auth',
    secret: options.cookieSecret,
    trustedOrigins: (request) =>
      request !== undefined && options.isTrustedRequest(request)
        ? [request.headers.get('origin') ?? '', ...options.trustedOrigins]
        : [...options.trustedOrigins],
    emailAndPassword: {
      enabled: true,
      disableSignUp: options.signUp === 'closed',
      minPasswordLength: 10,
      maxPasswordLength: 128,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: 3600,
      ...(mails === undefined
        ? {}
        : {
            sendResetPassword: async ({ user, token }) => {
              await resets.mailed(user.id, token);
              await mails.passwordReset(user.email, token);
            },
          }),
      onPasswordReset: ({ user }) => resets.used(user.id),
    },
    ...(mails === undefined
      ? {}
      : {
          emailVerification: {
            sendOnSignUp: true,
            sendVerificationEmail: ({ user, url }) => mails.verification(user.email, url),
          },
        }),
    account: {
      encryptOAuthTokens: true,
      // An address that nobody proved must not open somebody else's account, in either direction.
      accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
    },
    session: {
      expiresIn: limits.sessionDays * 86_400,
      updateAge: 86_400,
      additionalFields: { provenAt: { type: 'date', required: false, input: false, returned: false } },
    },
    verification: { storeIdentifier: 'hashed' },
    // Counted by `AttemptLimits`, by the address that the server saw: the library's own reads it from headers.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: false, level: 'warn', log: (level, message) => logTo(options.log, level, message) },
    // What it did not foresee is for our handler: the library would write it to the console.
    onAPIError: { throw: true, errorURL: '/sign-in' },
    databaseHooks: {
      session: {
        create: {
          before: async (session, ctx) => {
            if (await options.isDisabled(session.userId))
              throw new APIError('FORBIDDEN', {
                message: 'This account is disabled.',
                code: 'ACCOUNT_DISABLED',
              });
            const proves = ctx?.path !== '/sign-in/anonymous';
            return { data: { ...session, ...(proves ? { provenAt: new Date(options.clock.now()) } : {}) } };
          },
        },
        delete: {
          after: async (session) => options.onSessionEnded(session),
        },
      },
    },
    advanced: {
      database: { generateId: () => v7() },
      // Said aloud, because the library's own defaults are others where NODE_ENV is `test`. Who asks is checked by `TrustedOrigins`
      // already; the library would refuse programs whose HTTP client sends Sec-Fetch-Mode, as Node's does.
      disableOriginCheck: false,
      disableCSRFCheck: true,
      cookiePrefix: cookiePrefix(options.publicUrl),
      // The library would put `__Secure-` before our `__Host-`.
      useSecureCookies: false,
      defaultCookieAttributes: {
        httpOnly: true,
        sameSite: 'lax',
        path: '/',
        secure: options.publicUrl.startsWith('https:'),
      },
      // The address is of the server's finding, put there by the handler.
      ipAddress: { ipAddressHeaders: ['x-tallylight-address'] },
    },
  } satisfies BetterAuthOptions;
}

function oidcPlugins({ oidc, signUp }: AuthOptions) {
  if (oidc === undefined) return [];
  return [
    genericOAuth({
      config: [
        {
          providerId: OIDC_PROVIDER_ID,
          name: oidc.name,
          discoveryUrl: `${oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          clientId: oidc.clientId,
          clientSecret: oidc.clientSecret,
          scopes: ['openid', 'email', 'profile'],
          pkce: true,
          requireIdTokenVerification: true,
          disableSignUp: signUp === 'closed',
          mapProfileToUser: (profile) => ({ name: nameOf(profile) }),
        },
      ],
    }),
  ];
}

/** What to call somebody whom a provider knows: the name it gives, else what stands before the @. */
function nameOf({ name, email }: { readonly name?: unknown; readonly email?: unknown }): string {
  const mailbox = typeof email === 'string' ? email.split('@', 1)[0] : undefined;
  const given = typeof name === 'string' && name.trim() !== '' ? name.trim() : (mailbox ?? '');
  const short = displayName.safeParse(Array.from(given).slice(0, MAX_DISPLAY_NAME).join(''));
  return short.success ? short.data : 'Somebody';
}

/** The body was checked by `auth-endpoints.ts`. */
function guestName(body: unknown): string {
  const name = typeof body === 'object' && body !== null && 'name' in body ? body.name : undefined;
  if (typeof name !== 'string') throw new APIError('BAD_REQUEST', { message: 'a guest needs a name' });
  return name;
}

function logTo(log: Logger, level: string, message: string): void {
  if (level === 'error') log.error({ message }, 'sign-in failed');
  else log.debug({ message }, 'sign-in');
}
