import { liveError } from '@tallylight/protocol/errors.ts';
import { type Actor, type ActorResolver, NOBODY } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { ensureAccount } from './account-repository.ts';
import { type AccountSecrets, tokenHash } from './account-secrets.ts';
import type { AccountsLimits } from './accounts-limits.ts';
import { ActorCache } from './actor-cache.ts';
import { findToken, markTokenUsed } from './api-token-repository.ts';
import { cookieValue } from './cookie-value.ts';
import { type HostIdentity, type HostTokens, tokenKey } from './host-tokens.ts';
import { findPerson, findSession, insertHostUser, ownsUsers, type PersonRow } from './session-repository.ts';

/** What {@link SessionActors} needs. */
export interface SessionActorsOptions {
  readonly database: Database;
  readonly secrets: AccountSecrets;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the session's cookie. */
  readonly cookieName: string;
  /** Undefined: no host app's tokens are accepted. */
  readonly hostTokens: HostTokens | undefined;
  readonly limits: Pick<AccountsLimits, 'rememberedActors' | 'credentialChars'>;
}

/** Begins every API token, so that one that was published by mistake can be found. */
export const API_TOKEN_PREFIX = 'tlat_';
/** The use of a token is noted once in so long, in milliseconds. */
const USE_NOTED_MS = 60_000;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Finds out who asks: by Authorization, else by the session's cookie. A bad Authorization is refused, so that a program notices; a
 * cookie whose session ended is nobody's, so that a page can offer to sign in.
 */
export class SessionActors implements ActorResolver {
  readonly #options: SessionActorsOptions;
  readonly #cache: ActorCache;
  #ownsUsers: Promise<boolean> | undefined;

  constructor(options: SessionActorsOptions) {
    this.#options = options;
    this.#cache = new ActorCache(options.clock, options.limits.rememberedActors);
  }

  async resolve(headers: Headers): Promise<Actor> {
    const authorization = headers['authorization'];
    if (authorization !== undefined) return await this.#byAuthorization(String(authorization));
    const cookie = headers['cookie'];
    const value = cookieValue(Array.isArray(cookie) ? cookie.join(';') : cookie, this.#options.cookieName);
    return value === undefined ? NOBODY : ((await this.#bySession(value)) ?? NOBODY);
  }

  /** Asks anew the next time: this person's rights have changed. */
  forget(userId: string): void {
    this.#cache.forget(userId);
  }

  async #byAuthorization(authorization: string): Promise<Actor> {
    const credential = /^bearer +([^\s]+)$/i.exec(authorization)?.[1];
    if (credential === undefined || credential.length > this.#options.limits.credentialChars)
      throw liveError('UNAUTHENTICATED', 'Authorization must be: Bearer <token>');
    const actor = await this.#byCredential(credential);
    if (actor === undefined) throw liveError('UNAUTHENTICATED', 'the token is unknown or has ended');
    return actor;
  }

  async #byCredential(credential: string): Promise<Actor | undefined> {
    if (credential.startsWith(API_TOKEN_PREFIX)) return await this.#byApiToken(credential);
    // A JWT has three parts, a session's token and its signature are two.
    if (credential.split('.').length !== 3) return await this.#bySession(credential);
    const { hostTokens } = this.#options;
    return hostTokens === undefined ? undefined : await this.#byHostToken(hostTokens, credential);
  }

  async #bySession(credential: string): Promise<Actor | undefined> {
    const signed = decoded(credential);
    const dot = signed.indexOf('.');
    const token = signed.slice(0, dot);
    if (dot <= 0 || !this.#options.secrets.isSigned(token, signed.slice(dot + 1))) return undefined;
    const hash = tokenHash(token);
    const actor = await this.#cache.of(hash, async () => {
      // As the service: until this is known there is no user whose rights could be asked for.
      const row = await this.#service((tx) => findSession(tx, hash, this.#now()));
      if (row === undefined) return NOBODY;
      return {
        ...named(row),
        userId: row.user_id,
        role: row.server_role === 'admin' ? 'admin' : 'user',
        isGuest: row.is_guest,
        by: 'session',
        sessionId: row.id,
        ...(row.proven_at === null ? {} : { provenAtMs: row.proven_at.getTime() }),
      };
    });
    return actor.userId === undefined ? undefined : actor;
  }

  async #byApiToken(token: string): Promise<Actor | undefined> {
    const hash = this.#options.secrets.apiTokenHash(token);
    const actor = await this.#cache.of(hash, async () => {
      const now = this.#now();
      const row = await this.#service((tx) => findToken(tx, hash, now));
      if (row === undefined) return NOBODY;
      if (now.getTime() - (row.last_used_at?.getTime() ?? 0) > USE_NOTED_MS)
        await this.#service((tx) => markTokenUsed(tx, row.id, now));
      const isAdmin = row.server_role === 'admin' && row.scopes.includes('admin');
      return {
        ...named(row),
        userId: row.user_id,
        role: isAdmin ? 'admin' : 'user',
        isGuest: false,
        by: 'api-token',
        scopes: row.scopes,
      };
    });
    return actor.userId === undefined ? undefined : actor;
  }

  async #byHostToken(hostTokens: HostTokens, token: string): Promise<Actor | undefined> {
    // Checked each time, it costs little: only what the database knows of the person is remembered.
    const identity = await hostTokens.verify(token);
    const actor = await this.#cache.of(tokenKey(token), async () => {
      const person = await this.#hostPerson(identity);
      if (person === undefined || person.disabled_at !== null) return NOBODY;
      return {
        ...named(person),
        userId: person.id,
        role: identity.isAdmin || person.server_role === 'admin' ? 'admin' : 'user',
        isGuest: person.is_guest === true,
        by: 'host-token',
        ...(identity.provenAtMs === undefined ? {} : { provenAtMs: identity.provenAtMs }),
      };
    });
    return actor.userId === undefined ? undefined : actor;
  }

  /** In a host app's own database its people are there already, and nobody else gets in. */
  async #hostPerson(identity: HostIdentity): Promise<PersonRow | undefined> {
    const { userId, displayName, avatarUrl } = identity;
    const known = await this.#service((tx) => findPerson(tx, userId));
    if (known !== undefined) return known;
    this.#ownsUsers ??= this.#service(ownsUsers).catch((error: unknown) => {
      this.#ownsUsers = undefined;
      throw error;
    });
    if (!(await this.#ownsUsers)) return undefined;
    return await this.#service(async (tx) => {
      await insertHostUser(tx, { id: userId, displayName, avatarUrl });
      await ensureAccount(tx, userId, false);
      return await findPerson(tx, userId);
    });
  }

  #service<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#options.database.asService(work);
  }

  #now(): Date {
    return new Date(this.#options.clock.now());
  }
}

function named(row: { readonly display_name: string | null; readonly avatar_url: string | null }) {
  return {
    ...(row.display_name === null ? {} : { displayName: row.display_name }),
    ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
  };
}

function decoded(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text;
  } catch {
    return '';
  }
}
