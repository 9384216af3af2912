import { createHash } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import { findAccountId, insertAudit, insertPasswordReset, setPassword } from './account-repository.ts';
import { newToken } from './account-secrets.ts';
import { deleteSessions } from './session-repository.ts';

/** How long a link for a new password works, in milliseconds: by mail, and one handed over by an administrator. */
const VALID_MS = 60 * 60_000;

/** New passwords that were not asked for by mail: for the command line and for administrators. */
export class PasswordResets {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** A token that sets a new password once, within an hour, at `POST /api/auth/reset-password`. Undefined: nobody has this address. */
  async tokenFor(email: string, actorId?: string): Promise<string | undefined> {
    const token = newToken();
    const isKnown = await this.#database.asService(async (tx) => {
      const userId = await findAccountId(tx, 'email', email.toLowerCase());
      if (userId === undefined) return false;
      const expiresAt = new Date(this.#clock.now() + VALID_MS);
      await insertPasswordReset(tx, { userId, identifier: resetIdentifier(token), expiresAt });
      await insertAudit(tx, { actorId, action: 'account.reset-link', target: userId });
      return true;
    });
    return isKnown ? token : undefined;
  }

  /** Sets a password and signs the person out everywhere. False: nobody has this address. */
  async set(email: string, password: string): Promise<boolean> {
    const passwordHash = await hashPassword(password);
    return await this.#database.asService(async (tx) => {
      const userId = await findAccountId(tx, 'email', email.toLowerCase());
      if (userId === undefined) return false;
      await setPassword(tx, userId, passwordHash);
      await deleteSessions(tx, userId);
      await insertAudit(tx, { actorId: undefined, action: 'account.password-set', target: userId });
      return true;
    });
  }
}

/** The name under which the sign-in library looks for the token of a reset: it stores the hash alone. */
function resetIdentifier(token: string): string {
  return createHash('sha256').update(`reset-password:${token}`).digest('base64url');
}
