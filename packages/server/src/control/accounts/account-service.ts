import type { Account, Me, Session } from '@tallylight/protocol/entities/account.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { verifyPassword } from 'better-auth/crypto';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ControlEvents } from '../control-events.ts';
import {
  type AccountRow,
  deleteAccount,
  findAccount,
  findPasswordHash,
  insertAccount,
  insertAudit,
  listAccounts,
  lockAdmins,
  updateAccess,
  updateNames,
} from './account-repository.ts';
import type { AccountsLimits } from './accounts-limits.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { deleteSessions, listSessions, markProven, ownsUsers } from './session-repository.ts';
import { refuseTakenNames } from './taken-names.ts';

/** What {@link AccountService} needs. */
export interface AccountServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly limits: AccountsLimits;
  readonly attempts: AttemptLimits;
}

/** An actor who is somebody. */
export type Person = Actor & { readonly userId: string };

/**
 * What people do with their own account, and administrators with everybody's. Statements run as the service, because the tables of sign-in are
 * out of the request role's reach; each is bound to the actor's own id, or comes after the route has let administrators through only.
 */
export class AccountService {
  readonly #options: AccountServiceOptions;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  /** Who asks. Throws UNAUTHENTICATED when the account is gone since. */
  async me(person: Person): Promise<Me> {
    const row = await this.#options.database.asService((tx) => findAccount(tx, person.userId));
    if (row === undefined) throw liveError('UNAUTHENTICATED', 'the account is gone');
    return {
      id: row.id,
      username: row.username,
      displayName: row.display_name,
      avatarUrl: row.avatar_url,
      email: row.email,
      emailVerified: row.email_verified,
      isGuest: row.is_guest,
      role: person.role === 'admin' ? 'admin' : 'user',
      signedInBy: person.by === 'nobody' ? 'session' : person.by,
      stepUpUntil: this.#stepUpUntil(person.provenAtMs),
      createdAt: row.created_at.toISOString(),
    };
  }

  /** Throws CONFLICT when the user name is taken, FORBIDDEN when a host app keeps the names. */
  async updateMe(
    person: Person,
    changes: {
      displayName?: string | undefined;
      username?: string | null | undefined;
      avatarUrl?: string | null | undefined;
    },
  ): Promise<Me> {
    const { displayName, username, avatarUrl } = changes;
    // A guest's name must not be one that somebody can be found by.
    if (person.isGuest && username != null) throw liveError('FORBIDDEN', 'a guest has no user name');
    const known = await refuseTakenNames(() =>
      this.#options.database.asService((tx) =>
        updateNames(tx, person.userId, {
          ...(displayName === undefined ? {} : { name: displayName }),
          ...(username === undefined ? {} : { username }),
          ...(avatarUrl === undefined ? {} : { image: avatarUrl }),
        }),
      ),
    );
    if (!known) throw liveError('FORBIDDEN', 'the host app keeps this name');
    this.#accessChanged(person.userId);
    return await this.me(person);
  }

  /** Deletes the actor's account with everything in it. Throws CONFLICT for the last administrator. */
  async deleteMe(person: Person): Promise<void> {
    await this.#options.database.asService(async (tx) => {
      const admins = await lockAdmins(tx);
      if (admins.length === 1 && admins[0] === person.userId)
        throw liveError('CONFLICT', 'the last administrator cannot go');
      await insertAudit(tx, { actorId: undefined, action: 'account.delete', target: person.userId });
      await deleteAccount(tx, person.userId);
    });
    this.#accessChanged(person.userId);
  }

  /** Compares the password again; the session then counts as proven for a while. Throws INVALID_CREDENTIALS, RATE_LIMITED. */
  async stepUp(person: Person, password: string, address: string): Promise<{ stepUpUntil: string }> {
    const { database, attempts, clock, limits } = this.#options;
    const { sessionId, userId } = person;
    if (person.by !== 'session' || sessionId === undefined)
      throw liveError('FORBIDDEN', 'only a session can be proven again');
    await attempts.byAddress('login', address);
    await attempts.byAccount('login', userId);
    const hash = await database.asService((tx) => findPasswordHash(tx, userId));
    if (hash === undefined || !(await verifyPassword({ hash, password })))
      throw liveError('INVALID_CREDENTIALS', 'the password is wrong');
    await attempts.succeeded('login', userId);
    const provenAt = clock.now();
    await database.asService((tx) => markProven(tx, sessionId, new Date(provenAt)));
    this.#accessChanged(userId);
    return { stepUpUntil: new Date(provenAt + limits.stepUpSeconds * 1000).toISOString() };
  }

  /** Where the actor is signed in. */
  async sessions(person: Person): Promise<Session[]> {
    const rows = await this.#options.database.asService((tx) =>
      listSessions(tx, person.userId, new Date(this.#options.clock.now())),
    );
    return rows.map((row) => ({
      id: row.id,
      userAgent: row.user_agent,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      isCurrent: row.id === person.sessionId,
    }));
  }

  /** Ends one of the actor's sessions. Throws NOT_FOUND. */
  async endSession(person: Person, sessionId: string): Promise<void> {
    const ended = await this.#options.database.asService((tx) =>
      deleteSessions(tx, person.userId, sessionId),
    );
    if (ended.length === 0) throw liveError('NOT_FOUND', `there is no session ${sessionId}`);
    this.#accessChanged(person.userId, sessionId);
  }

  /** For administrators: a page of everybody. */
  async list(page: {
    limit: number;
    offset: number;
    search?: string | undefined;
  }): Promise<{ accounts: Account[]; total: number }> {
    const { rows, total } = await this.#options.database.asService((tx) => listAccounts(tx, page));
    return { accounts: rows.map(accountOf), total };
  }

  /** For administrators: makes an account without a password. Throws CONFLICT when the address is taken, FORBIDDEN when a host app keeps people. */
  async create(admin: Person, wanted: { email: string; displayName: string }): Promise<Account> {
    const id = v7();
    const email = wanted.email.toLowerCase();
    await refuseTakenNames(() =>
      this.#options.database.asService(async (tx) => {
        if (!(await ownsUsers(tx))) throw liveError('FORBIDDEN', 'the host app keeps people');
        await insertAccount(tx, { id, email, name: wanted.displayName });
        await insertAudit(tx, { actorId: admin.userId, action: 'account.create', target: id });
      }),
    );
    return await this.#account(id);
  }

  /** For administrators: role and access. Throws NOT_FOUND, CONFLICT when no administrator would be left. */
  async update(
    actorId: string | undefined,
    userId: string,
    changes: { role?: 'user' | 'admin' | undefined; disabled?: boolean | undefined },
  ): Promise<Account> {
    const { role, disabled } = changes;
    await this.#options.database.asService(async (tx) => {
      const before = await findAccount(tx, userId);
      if (before === undefined) throw liveError('NOT_FOUND', `there is no account ${userId}`);
      if (before.is_guest && role === 'admin')
        throw liveError('CONFLICT', 'a guest cannot be an administrator');
      const admins = await lockAdmins(tx);
      const isLast = admins.length === 1 && admins[0] === userId;
      if (isLast && (role === 'user' || disabled === true))
        throw liveError('CONFLICT', 'the last administrator must stay one');
      await updateAccess(tx, userId, {
        ...(role === undefined ? {} : { role }),
        ...(disabled === undefined ? {} : { disabled }),
      });
      if (disabled === true) await deleteSessions(tx, userId);
      await insertAudit(tx, {
        actorId,
        action: 'account.access',
        target: userId,
        details: { role, disabled },
      });
    });
    this.#accessChanged(userId);
    return await this.#account(userId);
  }

  /** For administrators: signs somebody out everywhere. */
  async endSessions(actorId: string, userId: string): Promise<void> {
    await this.#options.database.asService(async (tx) => {
      await deleteSessions(tx, userId);
      await insertAudit(tx, { actorId, action: 'account.end-sessions', target: userId });
    });
    this.#accessChanged(userId);
  }

  async #account(userId: string): Promise<Account> {
    const row = await this.#options.database.asService((tx) => findAccount(tx, userId));
    if (row === undefined) throw liveError('NOT_FOUND', `there is no account ${userId}`);
    return accountOf(row);
  }

  #stepUpUntil(provenAtMs: number | undefined): string | null {
    if (provenAtMs === undefined) return null;
    const until = provenAtMs + this.#options.limits.stepUpSeconds * 1000;
    return until > this.#options.clock.now() ? new Date(until).toISOString() : null;
  }

  #accessChanged(userId: string, sessionId?: string): void {
    this.#options.events.emit('access-changed', {
      userId,
      ...(sessionId === undefined ? {} : { sessionId }),
    });
  }
}

function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    emailVerified: row.email_verified,
    isGuest: row.is_guest,
    role: row.server_role === 'admin' ? 'admin' : 'user',
    disabledAt: row.disabled_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}
