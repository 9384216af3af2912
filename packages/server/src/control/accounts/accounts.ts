import type { ActorResolver } from '../../api/actor.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { Database } from '../../db/database.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import { AccessListener } from './access-listener.ts';
import { AccountMails, type MailOptions } from './account-mails.ts';
import { findAccount, findAccountId } from './account-repository.ts';
import { AccountSecrets } from './account-secrets.ts';
import { AccountService } from './account-service.ts';
import { type AccountsLimits, DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { ApiTokens } from './api-tokens.ts';
import { AttemptLimits } from './attempt-limits.ts';
import { type Auth, buildAuth, cookiePrefix, OIDC_PROVIDER_ID, type OidcProvider } from './auth.ts';
import { AuthHandler } from './auth-handler.ts';
import { FirstAdmin } from './first-admin.ts';
import { type HostApp, HostTokens } from './host-tokens.ts';
import { removeIdleGuests } from './idle-guests.ts';
import { PasswordResets } from './password-resets.ts';
import { registerAccountRoutes } from './routes.ts';
import { SessionActors } from './session-actors.ts';
import { deleteExpired, findPerson, ownsUsers } from './session-repository.ts';
import { TrustedOrigins } from './trusted-origins.ts';

/** What {@link openAccounts} needs. */
export interface AccountsOptions {
  /** Migrated. */
  readonly database: Database;
  /** Where `access-changed` is told. */
  readonly events: ControlEvents;
  readonly log: Logger;
  /** 32 bytes or more; everything secret here comes from it. The same after a restart, or everybody is signed out. */
  readonly masterKey: Uint8Array;
  /** Where browsers reach this server, such as `https://live.example`. With `https:` cookies are Secure and `__Host-`. */
  readonly publicUrl: string;
  /** Origins of other pages that may sign people in. Default none; the host that is asked is always trusted. */
  readonly trustedOrigins?: readonly string[] | undefined;
  /**
   * Who may make an account. Default `closed` with a host app, else `open`. Guests may come in either case. On a host app's own database
   * nobody and no guest makes one, whatever this says.
   */
  readonly signUp?: 'open' | 'closed' | undefined;
  /** A host app whose JWTs are accepted. Default none. */
  readonly hostApp?: HostApp | undefined;
  /** An OpenID Connect provider to sign in with. Default none. */
  readonly oidc?: OidcProvider | undefined;
  /** How mail leaves. Default: none does, passwords are reset on the command line. */
  readonly mail?: MailOptions | undefined;
  /** Default {@link DEFAULT_ACCOUNTS_LIMITS}. */
  readonly limits?: AccountsLimits | undefined;
  /** Default the system's. */
  readonly clock?: Clock | undefined;
}

/** Sends mail to somebody whose address only the accounts know. */
export interface PersonMailer {
  /**
   * Sends one letter, in plain text. To nobody, and without an error, when the person has no address that was proven to be theirs (guests,
   * people of a host app) or may not sign in. Rejects when the mail server did not take it.
   */
  send(mail: { readonly userId: string; readonly subject: string; readonly text: string }): Promise<void>;
}

/** How often what has expired is removed, in milliseconds. */
const SWEEP_MS = 3_600_000;

/**
 * Opens the accounts: makes the set-up token when there is no administrator, begins to hear of changed rights. Throws RangeError for settings that
 * would let anybody in, such as a short secret of a host app; rejects when the database cannot be read.
 */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const accounts = await Accounts.open(options);
  return accounts;
}

/** People of this server: signing in, sessions, tokens, administrators. */
export class Accounts {
  /** Finds out who sends a request. */
  readonly resolver: ActorResolver;
  /**
   * Answers `/api/auth/*`. It checks origins, body and limits itself, and needs neither cookies nor body taken apart before.
   * `address` is the client's as `ClientAddresses` finds it; the host of the request's URL is not believed, its Host header is.
   */
  readonly authHandler: (request: Request, address: string) => Promise<Response>;
  /** True where people are a host app's, whose database it is: nobody can be made here, and they come in with its JWTs. */
  readonly isHosted: boolean;
  readonly #options: AccountsOptions;
  readonly #parts: Parts;
  readonly #sweep: NodeJS.Timeout;
  readonly #forget: (change: { readonly userId: string }) => void;

  private constructor(options: AccountsOptions, parts: Parts, isHosted: boolean) {
    this.isHosted = isHosted;
    this.#options = options;
    this.#parts = parts;
    this.resolver = parts.actors;
    this.authHandler = (request, address) => parts.handler.handle(request, address);
    this.#forget = ({ userId }) => parts.actors.forget(userId);
    options.events.on('access-changed', this.#forget);
    const { database, log, clock = systemClock } = options;
    this.#sweep = setInterval(() => {
      database
        .asService((tx) => deleteExpired(tx, new Date(clock.now())))
        .catch((error: unknown) => log.warn({ error }, 'expired sessions were not removed'));
    }, SWEEP_MS).unref();
  }

  /** See {@link openAccounts}. */
  static async open(asked: AccountsOptions): Promise<Accounts> {
    // A host app's people are its to make: the table is read only for us.
    const isHosted = !(await asked.database.asService(ownsUsers));
    const options: AccountsOptions = isHosted ? { ...asked, signUp: 'closed' } : asked;
    const parts = await buildParts(options);
    // An administrator made here could not be written down; a host app's token says who is one.
    await (isHosted ? parts.firstAdmin.forbid() : parts.firstAdmin.open());
    await parts.listener.open();
    return new Accounts(options, parts, isHosted);
  }

  /** Puts the routes of accounts into the API. */
  register(api: ApiRoutes): void {
    const { auth, firstAdmin, service, tokens, resets, attempts } = this.#parts;
    const { publicUrl, oidc, mail } = this.#options;
    registerAccountRoutes(api, {
      service,
      tokens,
      firstAdmin,
      resets,
      attempts,
      publicUrl: new URL(publicUrl).origin,
      signUp: signUpOf(this.#options),
      guests: !this.isHosted,
      resetByMail: mail !== undefined,
      providers: oidc === undefined ? [] : [{ id: OIDC_PROVIDER_ID, name: oidc.name }],
      extendSession: (cookie) => extendSession(auth, cookie),
    });
  }

  /** What the banner prints: the token that makes the first administrator, at `POST /api/setup`. Undefined when there is one. */
  setupToken(): string | undefined {
    return this.#parts.firstAdmin.token();
  }

  /** Mails people by their id; undefined when this server sends no mail. */
  mailer(): PersonMailer | undefined {
    const { mails } = this.#parts;
    if (mails === undefined) return undefined;
    const { database } = this.#options;
    return {
      send: async ({ userId, subject, text }) => {
        // As the server: addresses are for nobody else to read.
        const account = await database.asService((tx) => findAccount(tx, userId));
        if (account?.email == null || !account.email_verified || account.disabled_at !== null) return;
        await mails.deliver(account.email, subject, text);
      },
    };
  }

  /** Removes guests who were not seen for long; see {@link removeIdleGuests}. For a job, every day; answers with how many there were. */
  removeIdleGuests(): Promise<number> {
    const { database, clock = systemClock, limits = DEFAULT_ACCOUNTS_LIMITS } = this.#options;
    return removeIdleGuests({ database, clock, retentionDays: limits.guestRetentionDays });
  }

  /** Sends what mail is under way and stops; idempotent. The database stays open. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#options.events.off('access-changed', this.#forget);
    await Promise.all([this.#parts.listener.close(), this.#parts.mails?.close()]);
  }
}

type Parts = Awaited<ReturnType<typeof buildParts>>;

function signUpOf(options: AccountsOptions): 'open' | 'closed' {
  return options.signUp ?? (options.hostApp === undefined ? 'open' : 'closed');
}

async function buildParts(options: AccountsOptions) {
  const { database, events, log, clock = systemClock, limits = DEFAULT_ACCOUNTS_LIMITS } = options;
  const publicUrl = new URL(options.publicUrl).origin;
  const trustedOrigins = options.trustedOrigins ?? [];
  const secrets = new AccountSecrets(options.masterKey);
  const hostTokens =
    options.hostApp === undefined
      ? undefined
      : new HostTokens(options.hostApp, clock, limits.credentialChars);
  const attempts = new AttemptLimits(limits);
  const origins = new TrustedOrigins([publicUrl, ...trustedOrigins]);
  const mails =
    options.mail === undefined ? undefined : new AccountMails({ ...options.mail, publicUrl, log });
  const changed = (userId: string, sessionId: string | undefined) =>
    events.emit('access-changed', { userId, ...(sessionId === undefined ? {} : { sessionId }) });
  const resets = new PasswordResets(database, clock);
  const auth = await buildAuth({
    pool: database.pool,
    log,
    clock,
    limits,
    publicUrl,
    trustedOrigins,
    isTrustedRequest: (request) => origins.isNamed(request),
    cookieSecret: secrets.cookieSecret,
    signUp: signUpOf(options),
    oidc: options.oidc,
    mails,
    resets,
    isDisabled: async (userId) =>
      (await database.asService((tx) => findPerson(tx, userId)))?.disabled_at != null,
    onSessionEnded: ({ id, userId }) => changed(userId, id),
  });
  const actors = new SessionActors({
    database,
    secrets,
    clock,
    log,
    cookieName: `${cookiePrefix(publicUrl)}.session_token`,
    hostTokens,
    limits,
  });
  const handler = new AuthHandler({
    library: auth.handler,
    origins,
    attempts,
    limits,
    accountId: (by, value) => database.asService((tx) => findAccountId(tx, by, value)),
    signedIn: (request) => actors.resolve(Object.fromEntries(request.headers)),
    clock,
  });
  const listener = new AccessListener({
    connectionString: database.pool.options.connectionString ?? '',
    log,
    onChange: changed,
    onChannel: (channelId) => events.emit('channel-changed', { channelId }),
    onKey: (keyId) => events.emit('key-changed', { keyId }),
    onMissed: () => events.emit('access-missed'),
  });
  return {
    auth,
    actors,
    attempts,
    handler,
    listener,
    mails,
    firstAdmin: new FirstAdmin(database),
    service: new AccountService({ database, events, clock, limits, attempts }),
    tokens: new ApiTokens({ database, secrets, clock, limits, events }),
    resets,
  };
}

/** The library extends a session that was used a day after the last time; the browser must then keep its cookie longer, too. */
async function extendSession(auth: Auth, cookie: string): Promise<readonly string[]> {
  const { headers } = await auth.api.getSession({ headers: new Headers({ cookie }), returnHeaders: true });
  return headers.getSetCookie();
}
