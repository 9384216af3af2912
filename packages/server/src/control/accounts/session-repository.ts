import type { Tx } from '../../db/database.ts';

/** A session that is good, with whose it is. */
export interface LiveSessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly proven_at: Date | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly is_guest: boolean;
  readonly server_role: string;
}

/** One person as far as an actor needs to know; `disabled_at` is for the caller to heed. */
export interface PersonRow {
  readonly id: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly is_guest: boolean | null;
  readonly server_role: string | null;
  readonly disabled_at: Date | null;
}

/** The session of a token's hash; undefined when it ended, or its person may not come in. */
export async function findSession(tx: Tx, tokenHash: string, now: Date): Promise<LiveSessionRow | undefined> {
  return await tx
    .selectFrom('accounts.session as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .innerJoin('nchat_live_accounts as l', 'l.user_id', 's.user_id')
    .select([
      's.id',
      's.user_id',
      's.proven_at',
      'u.display_name',
      'u.avatar_url',
      'l.is_guest',
      'l.server_role',
    ])
    .where('s.token', '=', tokenHash)
    .where('s.expires_at', '>', now)
    .where('l.disabled_at', 'is', null)
    .executeTakeFirst();
}

/** A person by id; undefined when unknown. */
export async function findPerson(tx: Tx, userId: string): Promise<PersonRow | undefined> {
  return await tx
    .selectFrom('users as u')
    .leftJoin('nchat_live_accounts as l', 'l.user_id', 'u.id')
    .select(['u.id', 'u.display_name', 'u.avatar_url', 'l.is_guest', 'l.server_role', 'l.disabled_at'])
    .where('u.id', '=', userId)
    .executeTakeFirst();
}

/** Whether `users` is this product's own table, and not a host app's. */
export async function ownsUsers(tx: Tx): Promise<boolean> {
  const row = await tx
    .selectFrom('pg_policies' as never)
    .select('policyname' as never)
    .where('tablename' as never, '=', 'users' as never)
    .where('policyname' as never, '=', 'Names are public' as never)
    .executeTakeFirst();
  return row !== undefined;
}

/** Enters a person of a host app. */
export async function insertHostUser(
  tx: Tx,
  user: { id: string; displayName: string | undefined; avatarUrl: string | undefined },
): Promise<void> {
  await tx
    .insertInto('users')
    .values({ id: user.id, display_name: user.displayName ?? null, avatar_url: user.avatarUrl ?? null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** A person's open sessions, newest first. */
export async function listSessions(tx: Tx, userId: string, now: Date) {
  return await tx
    .selectFrom('accounts.session')
    .select(['id', 'user_agent', 'created_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .execute();
}

/** Ends sessions of a person, one or all; returns the ids of those that ended. */
export async function deleteSessions(tx: Tx, userId: string, sessionId?: string): Promise<readonly string[]> {
  let query = tx.deleteFrom('accounts.session').where('user_id', '=', userId);
  if (sessionId !== undefined) query = query.where('id', '=', sessionId);
  const rows = await query.returning('id').execute();
  return rows.map(({ id }) => id);
}

/** Removes what has expired: sessions and one-time tokens. */
export async function deleteExpired(tx: Tx, now: Date): Promise<void> {
  await tx.deleteFrom('accounts.session').where('expires_at', '<', now).execute();
  await tx.deleteFrom('accounts.verification').where('expires_at', '<', now).execute();
}

/** Notes that the person of a session has just proven who they are. */
export async function markProven(tx: Tx, sessionId: string, at: Date): Promise<void> {
  await tx.updateTable('accounts.session').set({ proven_at: at }).where('id', '=', sessionId).execute();
}
