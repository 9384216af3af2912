import type { Tx } from '../../db/database.ts';

/** Replaces the set-up token by the one with this hash. */
export async function replaceSetupToken(tx: Tx, tokenHash: string): Promise<void> {
  await tx
    .insertInto('accounts.setup')
    .values({ token_hash: tokenHash })
    .onConflict((conflict) =>
      conflict.column('only_one').doUpdateSet({ token_hash: tokenHash, created_at: new Date() }),
    )
    .execute();
}

/** Uses the token up; false when it is another one. Of two that use it at once one waits and finds nothing. */
export async function takeSetupToken(tx: Tx, tokenHash: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('accounts.setup')
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Makes every token void. */
export async function deleteSetupToken(tx: Tx): Promise<void> {
  await tx.deleteFrom('accounts.setup').execute();
}

/** Whether anybody is an administrator, disabled or not. */
export async function hasAdmin(tx: Tx): Promise<boolean> {
  const row = await tx
    .selectFrom('nchat_live_accounts')
    .select('user_id')
    .where('server_role', '=', 'admin')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
