import { randomBytes } from 'node:crypto';
import { StreamError } from '@tallylight/protocol/errors.ts';
import { renderTable } from '../config/config-table.ts';
import { passwordResetUrl } from '../control/accounts/account-mails.ts';
import { findAccountId } from '../control/accounts/account-repository.ts';
import { AccountService } from '../control/accounts/account-service.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from '../control/accounts/accounts-limits.ts';
import { AttemptLimits } from '../control/accounts/attempt-limits.ts';
import { PasswordResets } from '../control/accounts/password-resets.ts';
import { ControlEvents } from '../control/control-events.ts';
import type { Database } from '../db/database.ts';
import { systemClock } from '../platform/clock.ts';

/** What `tallylight account` can do with the account of an e-mail address. */
export const ACCOUNT_ACTIONS = [
  'reset-password',
  'grant-admin',
  'revoke-admin',
  'disable',
  'enable',
] as const;
/** See {@link ACCOUNT_ACTIONS}. */
export type AccountAction = (typeof ACCOUNT_ACTIONS)[number];

/** Rows that `list` asks for at once. */
const PAGE = 100;

/** Does what somebody types who sits at the server; a running server hears of it from the database. */
export class AccountActions {
  readonly #database: Database;
  readonly #publicUrl: string;
  readonly #resets: PasswordResets;
  readonly #service: AccountService;

  /** @param publicUrl begins the links. */
  constructor(database: Database, publicUrl: string) {
    this.#database = database;
    this.#publicUrl = publicUrl;
    this.#resets = new PasswordResets(database, systemClock);
    this.#service = new AccountService({
      database,
      events: new ControlEvents(),
      clock: systemClock,
      limits: DEFAULT_ACCOUNTS_LIMITS,
      attempts: new AttemptLimits(DEFAULT_ACCOUNTS_LIMITS),
    });
  }

  /** A table of everybody. */
  async list(): Promise<string> {
    const rows: string[][] = [['e-mail address', 'name', 'role', 'state', 'id']];
    for (let offset = 0; ; offset += PAGE) {
      const { accounts } = await this.#service.list({ limit: PAGE, offset });
      for (const one of accounts)
        rows.push([
          one.email ?? (one.isGuest ? '(guest)' : '(host app)'),
          one.displayName ?? '',
          one.role,
          one.disabledAt === null ? '' : 'disabled',
          one.id,
        ]);
      if (accounts.length < PAGE) break;
    }
    return rows.length === 1 ? 'There are no accounts.' : renderTable(rows);
  }

  /** What to print. Rejects with an error for people when nobody has this address, or no administrator would be left. */
  async run(action: AccountAction, email: string, generate: boolean): Promise<string> {
    if (action === 'reset-password') return generate ? await this.#generated(email) : await this.#link(email);
    const id = await this.#database.asService((tx) => findAccountId(tx, 'email', email.toLowerCase()));
    if (id === undefined) throw unknown(email);
    const changes = {
      'grant-admin': { role: 'admin' as const },
      'revoke-admin': { role: 'user' as const },
      disable: { disabled: true },
      enable: { disabled: false },
    }[action];
    const after = await this.#service.update(undefined, id, changes);
    return `${email} is ${after.disabledAt === null ? '' : 'disabled, '}${after.role === 'admin' ? 'an administrator' : 'a user'}.`;
  }

  async #link(email: string): Promise<string> {
    const token = await this.#resets.tokenFor(email);
    if (token === undefined) throw unknown(email);
    return `Open this to set a new password for ${email}. It works once, within an hour:\n${passwordResetUrl(this.#publicUrl, token)}`;
  }

  async #generated(email: string): Promise<string> {
    const password = randomBytes(15).toString('base64url');
    if (!(await this.#resets.set(email, password))) throw unknown(email);
    return `New password of ${email}, who is signed out everywhere, without API tokens:\n${password}`;
  }
}

function unknown(email: string): Error {
  return new StreamError(`nobody signs in as ${email}`, 'NOT_FOUND', 404);
}
