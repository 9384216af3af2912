import type { Tx } from '../../db/database.ts';

/** A token that is good, with whose it is. */
export interface LiveTokenRow {
  readonly id: string;
  readonly user_id: string;
  readonly scopes: string[];
  readonly last_used_at: Date | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly server_role: string | null;
}

/** The token with this hash; undefined when it is revoked or expired, or its person may not come in. */
export async function findToken(tx: Tx, hash: string, now: Date): Promise<LiveTokenRow | undefined> {
  return await tx
    .selectFrom('nchat_live_api_tokens as t')
    .innerJoin('users as u', 'u.id', 't.user_id')
    .leftJoin('nchat_live_accounts as l', 'l.user_id', 't.user_id')
    .select([
      't.id',
      't.user_id',
      't.scopes',
      't.last_used_at',
      'u.display_name',
      'u.avatar_url',
      'l.server_role',
    ])
    .where('t.token_hash', '=', hash)
    .where('t.revoked_at', 'is', null)
    .where((eb) => eb.or([eb('t.expires_at', 'is', null), eb('t.expires_at', '>', now)]))
    .where('l.disabled_at', 'is', null)
    .executeTakeFirst();
}

/** Notes that a token was used. */
export async function markTokenUsed(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.updateTable('nchat_live_api_tokens').set({ last_used_at: at }).where('id', '=', id).execute();
}

/** A person's tokens that are not revoked, newest first. */
export async function listTokens(tx: Tx, userId: string) {
  return await tx
    .selectFrom('nchat_live_api_tokens')
    .select(['id', 'name', 'last4', 'scopes', 'created_at', 'expires_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .execute();
}

/** Keeps a new token's hash. */
export async function insertToken(
  tx: Tx,
  token: {
    id: string;
    user_id: string;
    name: string;
    token_hash: string;
    last4: string;
    scopes: string[];
    created_at: Date;
    expires_at: Date | null;
  },
): Promise<void> {
  await tx.insertInto('nchat_live_api_tokens').values(token).execute();
}

/** Revokes every token of a person. */
export async function revokeTokens(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx
    .updateTable('nchat_live_api_tokens')
    .set({ revoked_at: at })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute();
}

/** Revokes a token of this person; false when there is none such. */
export async function revokeToken(tx: Tx, userId: string, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('nchat_live_api_tokens')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
