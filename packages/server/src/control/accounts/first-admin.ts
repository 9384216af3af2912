import { liveError } from '@tallylight/protocol/errors.ts';
import { hashPassword } from 'better-auth/crypto';
import { v7 } from 'uuid';
import type { Database } from '../../db/database.ts';
import { insertAccount, insertAudit, updateAccess } from './account-repository.ts';
import { newToken, tokenHash } from './account-secrets.ts';
import { deleteSetupToken, hasAdmin, replaceSetupToken, takeSetupToken } from './setup-repository.ts';
import { refuseTakenNames } from './taken-names.ts';

/** Who becomes the first administrator. */
export interface FirstAdminRequest {
  /** What the server printed on its console. */
  readonly token: string;
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
}

/**
 * The first administrator of a server: made by whoever reads its console. The token is new at each start without an administrator, is stored as
 * a hash, works once, and is void as soon as there is an administrator by whatever way.
 */
export class FirstAdmin {
  readonly #database: Database;
  #token: string | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes the token when there is no administrator. To be called once, at start. */
  async open(): Promise<void> {
    const token = newToken();
    const isNeeded = await this.#database.asService(async (tx) => {
      if (await hasAdmin(tx)) {
        await deleteSetupToken(tx);
        return false;
      }
      await replaceSetupToken(tx, tokenHash(token));
      return true;
    });
    this.#token = isNeeded ? token : undefined;
  }

  /** Makes tokens of before void and none anew, where nobody can be made. Instead of {@link open}. */
  async forbid(): Promise<void> {
    await this.#database.asService(deleteSetupToken);
    this.#token = undefined;
  }

  /** The token, for the console; undefined once it was used, and when there is an administrator. */
  token(): string | undefined {
    return this.#token;
  }

  /** Whether the server still waits for its first administrator. */
  async isNeeded(): Promise<boolean> {
    if (this.#token === undefined) return false;
    if (await this.#database.asService(hasAdmin)) this.#token = undefined;
    return this.#token !== undefined;
  }

  /** Makes the administrator. Throws INVALID_CREDENTIALS for a wrong or used token, CONFLICT for an address that is taken. */
  async make(request: FirstAdminRequest): Promise<string> {
    const userId = v7();
    const passwordHash = await hashPassword(request.password);
    const email = request.email.toLowerCase();
    await refuseTakenNames(() =>
      // As the service: nobody is signed in, and the token is the right to do this. One transaction, so that a refused address does
      // not use the token up.
      this.#database.asService(async (tx) => {
        const isGood = await takeSetupToken(tx, tokenHash(request.token));
        if (!isGood || (await hasAdmin(tx)))
          throw liveError('INVALID_CREDENTIALS', 'the set-up token is wrong, or was used');
        await insertAccount(tx, { id: userId, email, name: request.displayName, passwordHash });
        await updateAccess(tx, userId, { role: 'admin' });
        await insertAudit(tx, { actorId: userId, action: 'account.first-admin', target: userId });
      }),
    );
    this.#token = undefined;
    return userId;
  }
}
