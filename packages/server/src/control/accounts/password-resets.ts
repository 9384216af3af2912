import { createHash } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import type { Database, Tx } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import {
  findAccountId,
  insertAudit,
  insertPasswordReset,
  setPassword,
  voidPasswordResets,
} from './account-repository.ts';
import { newToken } from './account-secrets.ts';
import { revokeTokens } from './api-token-repository.ts';
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

  /** A link was mailed: earlier ones of the person are void. */
  async mailed(userId: string, token: string): Promise<void> {
    await this.#database.asService((tx) => voidPasswordResets(tx, userId, resetIdentifier(token)));
  }

  /** A link was used. Whoever lost a password may have lost more: other links are void, and API tokens are revoked. */
  async used(userId: string): Promise<void> {
    await this.#database.asService((tx) => this.#lockOut(tx, userId));
  }

  /** Sets a password, signs the person out everywhere, voids links and revokes API tokens. False: nobody has this address. */
  async set(email: string, password: string): Promise<boolean> {
    const passwordHash = await hashPassword(password);
    return await this.#database.asService(async (tx) => {
      const userId = await findAccountId(tx, 'email', email.toLowerCase());
      if (userId === undefined) return false;
      await setPassword(tx, userId, passwordHash);
      await deleteSessions(tx, userId);
      await this.#lockOut(tx, userId);
      await insertAudit(tx, { actorId: undefined, action: 'account.password-set', target: userId });
      return true;
    });
  }

  async #lockOut(tx: Tx, userId: string): Promise<void> {
    await voidPasswordResets(tx, userId);
    await revokeTokens(tx, userId, new Date(this.#clock.now()));
  }
}

/** The name under which the sign-in library looks for the token of a reset: it stores the hash alone. */
function resetIdentifier(token: string): string {
  return createHash('sha256').update(`reset-password:${token}`).digest('base64url');
}
