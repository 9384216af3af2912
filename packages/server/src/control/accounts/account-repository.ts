import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { Tx } from '../../db/database.ts';

/** One person with what signs them in; `email` is null for people of a host app. */
export interface AccountRow {
  readonly id: string;
  readonly username: string | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly is_guest: boolean;
  readonly server_role: string;
  readonly disabled_at: Date | null;
  readonly created_at: Date;
}

/** The account of a person; undefined when there is none. */
export async function findAccount(tx: Tx, userId: string): Promise<AccountRow | undefined> {
  return await accounts(tx).where('u.id', '=', userId).executeTakeFirst();
}

/** A page of accounts, newest first; `search` is in the name, the user name or the e-mail address. */
export async function listAccounts(
  tx: Tx,
  { limit, offset, search }: { limit: number; offset: number; search?: string | undefined },
): Promise<{ rows: AccountRow[]; total: number }> {
  const pattern = `%${(search ?? '').replace(/[\\%_]/g, '\\$&')}%`;
  let query = accounts(tx);
  if (search !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('u.display_name', 'ilike', pattern),
        eb('u.username', 'ilike', pattern),
        eb('a.email', 'ilike', pattern),
      ]),
    );
  const rows = await query
    .orderBy('u.created_at', 'desc')
    .orderBy('u.id')
    .limit(limit)
    .offset(offset)
    .execute();
  const { total } = await query
    .clearSelect()
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { rows, total };
}

/** Id of the account with this address or user name, both in lower case. */
export async function findAccountId(
  tx: Tx,
  by: 'email' | 'username',
  value: string,
): Promise<string | undefined> {
  const row = await tx.selectFrom('accounts.user').select('id').where(by, '=', value).executeTakeFirst();
  return row?.id;
}

/** Changes names and picture of who signs in here; `users` follows by trigger. False: there is no such account. */
export async function updateNames(
  tx: Tx,
  userId: string,
  changes: { name?: string; username?: string | null; image?: string | null },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('accounts.user')
    .set({ ...changes, updated_at: new Date() })
    .where('id', '=', userId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Makes somebody who signs in by e-mail address and password; without a password, after a reset. */
export async function insertAccount(
  tx: Tx,
  person: { id: string; email: string; name: string; passwordHash?: string },
): Promise<void> {
  await tx
    .insertInto('accounts.user')
    .values({
      id: person.id,
      email: person.email,
      name: person.name,
      email_verified: false,
      image: null,
      username: null,
    })
    .execute();
  if (person.passwordHash !== undefined) await setPassword(tx, person.id, person.passwordHash);
}

/** Replaces the password, or adds one. */
export async function setPassword(tx: Tx, userId: string, passwordHash: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('accounts.account')
    .set({ password: passwordHash, updated_at: new Date() })
    .where('user_id', '=', userId)
    .where('provider_id', '=', 'credential')
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  await tx
    .insertInto('accounts.account')
    .values({
      id: v7(),
      user_id: userId,
      provider_id: 'credential',
      account_id: userId,
      password: passwordHash,
    })
    .execute();
}

/** The hash of a password; undefined for whoever has none. */
export async function findPasswordHash(tx: Tx, userId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('accounts.account')
    .select('password')
    .where('user_id', '=', userId)
    .where('provider_id', '=', 'credential')
    .executeTakeFirst();
  return row?.password ?? undefined;
}

/** Keeps a token that sets a new password, under its hash; earlier ones of the person are void. */
export async function insertPasswordReset(
  tx: Tx,
  reset: { userId: string; identifier: string; expiresAt: Date },
): Promise<void> {
  await voidPasswordResets(tx, reset.userId);
  await tx
    .insertInto('accounts.verification')
    .values({ id: v7(), identifier: reset.identifier, value: reset.userId, expires_at: reset.expiresAt })
    .execute();
}

/** Voids the tokens that set a new password of a person, but for one. */
export async function voidPasswordResets(tx: Tx, userId: string, exceptIdentifier?: string): Promise<void> {
  // No other one-time token has a person's bare id as its value.
  let query = tx.deleteFrom('accounts.verification').where('value', '=', userId);
  if (exceptIdentifier !== undefined) query = query.where('identifier', '<>', exceptIdentifier);
  await query.execute();
}

/** Deletes a person with everything in it. */
export async function deleteAccount(tx: Tx, userId: string): Promise<void> {
  const { numDeletedRows } = await tx.deleteFrom('accounts.user').where('id', '=', userId).executeTakeFirst();
  // People of a host app are the host app's to delete.
  if (numDeletedRows === 0n) throw new Error(`${userId} does not sign in here`);
}

/** Ids of the administrators that are not disabled, locked until the transaction ends: two of them cannot unmake each other. */
export async function lockAdmins(tx: Tx): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('nchat_live_accounts')
    .select('user_id')
    .where('server_role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .orderBy('user_id')
    .forUpdate()
    .execute();
  return rows.map(({ user_id }) => user_id);
}

/** Sets role and whether the account may be used. */
export async function updateAccess(
  tx: Tx,
  userId: string,
  access: { role?: 'user' | 'admin'; disabled?: boolean },
): Promise<void> {
  // A person of a host app has no row until something is to be said of them.
  await ensureAccount(tx, userId, false);
  if (access.role === undefined && access.disabled === undefined) return;
  await tx
    .updateTable('nchat_live_accounts')
    .set({
      ...(access.role === undefined ? {} : { server_role: access.role }),
      ...(access.disabled === undefined
        ? {}
        : { disabled_at: access.disabled ? sql<Date>`coalesce(disabled_at, now())` : null }),
    })
    .where('user_id', '=', userId)
    .execute();
}

/** Writes what this product knows of a person, if it knows nothing yet. */
export async function ensureAccount(tx: Tx, userId: string, isGuest: boolean): Promise<void> {
  await tx
    .insertInto('nchat_live_accounts')
    .values({ user_id: userId, is_guest: isGuest })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Notes who did what, for later questions. */
export async function insertAudit(
  tx: Tx,
  entry: {
    actorId: string | undefined;
    action: string;
    target: string;
    details?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await tx
    .insertInto('nchat_live_audit_log')
    .values({
      id: v7(),
      actor_id: entry.actorId ?? null,
      action: entry.action,
      target: entry.target,
      address: null,
      details: JSON.stringify(entry.details ?? {}),
    })
    .execute();
}

function accounts(tx: Tx) {
  return (
    tx
      .selectFrom('users as u')
      .leftJoin('accounts.user as a', 'a.id', 'u.id')
      .leftJoin('nchat_live_accounts as l', 'l.user_id', 'u.id')
      // Guests who were removed have a row without a name, for what they wrote.
      .where('l.removed_at', 'is', null)
      .select((eb) => [
        'u.id',
        'u.username',
        'u.display_name',
        'u.avatar_url',
        'u.created_at',
        // The address of a guest is made up.
        eb.case().when('l.is_guest', '=', true).then(null).else(eb.ref('a.email')).end().as('email'),
        eb.fn.coalesce('a.email_verified', eb.val(false)).as('email_verified'),
        eb.fn.coalesce('l.is_guest', eb.val(false)).as('is_guest'),
        eb.fn.coalesce('l.server_role', eb.val('user')).as('server_role'),
        'l.disabled_at',
      ])
  );
}
