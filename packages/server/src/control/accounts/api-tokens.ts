import type { ApiToken, ApiTokenScope } from '@tallylight/protocol/entities/account.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import type { Database } from '../../db/database.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ControlEvents } from '../control-events.ts';
import { insertAudit } from './account-repository.ts';
import { type AccountSecrets, newToken } from './account-secrets.ts';
import type { AccountsLimits } from './accounts-limits.ts';
import { insertToken, listTokens, revokeToken } from './api-token-repository.ts';
import { API_TOKEN_PREFIX } from './session-actors.ts';

/** What {@link ApiTokens} needs. */
export interface ApiTokensOptions {
  readonly database: Database;
  readonly secrets: AccountSecrets;
  readonly clock: Clock;
  readonly limits: AccountsLimits;
  /** Told when a token is revoked. */
  readonly events: ControlEvents;
}

const DAY_MS = 86_400_000;

/**
 * Tokens for programs. All statements run as the service, because the request role may not even see hashes; each names the owner, whose id
 * comes from the actor.
 */
export class ApiTokens {
  readonly #options: ApiTokensOptions;

  constructor(options: ApiTokensOptions) {
    this.#options = options;
  }

  /** A person's own tokens. */
  async list(userId: string): Promise<ApiToken[]> {
    const rows = await this.#options.database.asService((tx) => listTokens(tx, userId));
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      last4: row.last4,
      scopes: row.scopes as ApiTokenScope[],
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at?.toISOString() ?? null,
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
    }));
  }

  /** Makes one; `token` is in this answer and nowhere else. Throws CONFLICT when there are enough. */
  async create(
    userId: string,
    wanted: { name: string; scopes: readonly ApiTokenScope[]; expiresInDays?: number | undefined },
  ): Promise<ApiToken & { token: string }> {
    const { database, secrets, clock, limits } = this.#options;
    const token = `${API_TOKEN_PREFIX}${newToken()}`;
    const createdAt = new Date(clock.now());
    const expiresAt =
      wanted.expiresInDays === undefined
        ? null
        : new Date(createdAt.getTime() + wanted.expiresInDays * DAY_MS);
    const scopes = [...new Set(wanted.scopes)];
    const row = { id: v7(), name: wanted.name, last4: token.slice(-4), scopes };
    await database.asService(async (tx) => {
      await lockOwner(tx, 'api tokens', userId);
      if ((await listTokens(tx, userId)).length >= limits.apiTokensPerUser)
        throw liveError('CONFLICT', `there are ${limits.apiTokensPerUser} tokens already: revoke one`);
      const stored = {
        token_hash: secrets.apiTokenHash(token),
        created_at: createdAt,
        expires_at: expiresAt,
      };
      await insertToken(tx, { ...row, ...stored, user_id: userId });
      await insertAudit(tx, { actorId: userId, action: 'token.create', target: row.id, details: { scopes } });
    });
    return {
      ...row,
      token,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      lastUsedAt: null,
    };
  }

  /** Throws NOT_FOUND when the person has no such token. */
  async revoke(userId: string, id: string): Promise<void> {
    const now = new Date(this.#options.clock.now());
    await this.#options.database.asService(async (tx) => {
      if (!(await revokeToken(tx, userId, id, now))) throw liveError('NOT_FOUND', `there is no token ${id}`);
      await insertAudit(tx, { actorId: userId, action: 'token.revoke', target: id });
    });
    this.#options.events.emit('access-changed', { userId });
  }
}
