import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** What somebody may watch of a stream. */
export interface WatchRights {
  /** A member, where the stream is private. */
  readonly mayView: boolean;
  readonly owns: boolean;
  /** Banned from the stream or its channel; a time-out is for talking only. */
  readonly isBanned: boolean;
}

/** The rights of whom the transaction is for. */
export async function readWatchRights(tx: Tx, streamId: string): Promise<WatchRights> {
  const { rows } = await sql<{ may_view: boolean; owns: boolean }>`
    SELECT tallylight.may_view_stream(${streamId}::uuid) AS may_view, tallylight.owns_stream(${streamId}::uuid) AS owns
  `.execute(tx);
  const [row] = rows;
  const isBanned = row?.may_view === true && (await readBan(tx, streamId));
  return { mayView: row?.may_view ?? false, owns: row?.owns ?? false, isBanned };
}

/** Whether an account still works, and is an administrator's. A host app's own people may have no row: they count as users. */
export async function readAccountRole(tx: Tx, userId: string): Promise<'user' | 'admin' | 'disabled'> {
  const account = await tx
    .selectFrom('nchat_live_accounts')
    .select(['server_role', 'disabled_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (account === undefined) return 'user';
  if (account.disabled_at !== null) return 'disabled';
  return account.server_role === 'admin' ? 'admin' : 'user';
}

/** One sees one's own bans: the policy asks the same of the row as this does. */
async function readBan(tx: Tx, streamId: string): Promise<boolean> {
  const ban = await tx
    .selectFrom('nchat_stream_bans as b')
    .innerJoin('nchat_streams as s', 's.channel_id', 'b.channel_id')
    .select('b.id')
    .where('s.id', '=', streamId)
    .where('b.user_id', '=', sql<string>`tallylight.user_id()`)
    .where('b.kind', '=', 'ban')
    .where('b.lifted_at', 'is', null)
    .where((eb) => eb.or([eb('b.expires_at', 'is', null), eb('b.expires_at', '>', sql<Date>`now()`)]))
    .where((eb) => eb.or([eb('b.stream_id', 'is', null), eb('b.stream_id', '=', streamId)]))
    .limit(1)
    .executeTakeFirst();
  return ban !== undefined;
}
