import { type Selectable, sql } from 'kysely';
import { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import type { StreamKeysTable } from '../../db/tables.ts';
import type { RingSealed } from './key-ring.ts';

const ringSealed = z.object({
  kid: z.string(),
  nonce: z.string(),
  ciphertext: z.string(),
  tag: z.string(),
});

/** A key as it lies in the database. */
export interface StoredKey {
  readonly id: string;
  readonly channelId: string;
  readonly streamId: string;
  readonly version: number;
  readonly sealed: RingSealed;
}

/** A key to be stored. */
export interface NewKey {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly lookup: string;
  readonly sealed: RingSealed;
  readonly last4: string;
}

/** All that decides whether a key may publish now. */
export interface PublishFacts {
  readonly keyId: string;
  readonly streamId: string;
  readonly channelId: string;
  readonly broadcasterId: string;
  readonly keyRevoked: boolean;
  readonly keyExpired: boolean;
  /** Until it expires, in milliseconds, 0 when it has; undefined: it does not. */
  readonly expiresInMs: number | undefined;
  /** A newer one was made: that it expires is the end of an overlap. */
  readonly keyReplaced: boolean;
  /** Sealed by a master key that is no longer the current one. */
  readonly kid: string;
  readonly status: string;
  readonly visibility: string;
  readonly channelIsPrivate: boolean;
  readonly reconnectWindowSeconds: number | undefined;
  readonly bitrateKbps: number;
  readonly fps: number;
  /** `auto`, `1080p`, … */
  readonly maxResolution: string;
  readonly changedAtMs: number;
  /** The broadcaster's role in the channel. */
  readonly role: string | undefined;
  readonly isAdmin: boolean;
  readonly isDisabled: boolean;
  readonly isBanned: boolean;
}

/** On behalf of an owner. Returns ids of keys that died at once; rejects with SQLSTATE 23505 when another change came first. */
export async function replaceKey(tx: Tx, key: NewKey, overlapSeconds: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT tallylight.replace_stream_key(${key.streamId}::uuid, ${key.id}::uuid, ${key.version}::integer, ${key.lookup},
      ${JSON.stringify(key.sealed)}::jsonb, ${key.last4}, make_interval(secs => ${overlapSeconds})) AS id
  `.execute(tx);
  return rows.map(({ id }) => id);
}

/** On behalf of an owner. Returns the ids of keys that died. */
export async function revokeKeys(tx: Tx, streamId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT tallylight.revoke_stream_keys(${streamId}::uuid) AS id
  `.execute(tx);
  return rows.map(({ id }) => id);
}

/** Version of a stream's newest key, 0 before the first; undefined for whom the stream is not his own. */
export async function readOwnVersion(tx: Tx, streamId: string): Promise<number | undefined> {
  const { rows } = await sql<{ version: number | null }>`
    SELECT tallylight.own_key_version(${streamId}::uuid) AS version
  `.execute(tx);
  return rows[0]?.version ?? undefined;
}

/** As the service. The key that encoders should use now; undefined when there is none. */
export async function readCurrentKey(tx: Tx, streamId: string): Promise<StoredKey | undefined> {
  const row = await tx
    .selectFrom('nchat_stream_keys')
    .select(['id', 'channel_id', 'stream_id', 'version', 'sealed'])
    .where('stream_id', '=', streamId)
    .where('revoked_at', 'is', null)
    .where('expires_at', 'is', null)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : stored(row);
}

/** As the service. The same key under the current master key. */
export async function resealKey(tx: Tx, keyId: string, lookup: string, sealed: RingSealed): Promise<void> {
  await tx
    .updateTable('nchat_stream_keys')
    .set({ lookup, sealed: JSON.stringify(sealed) })
    .where('id', '=', keyId)
    .execute();
}

/** As the service. A stored key by id. */
export async function readKey(tx: Tx, keyId: string): Promise<StoredKey | undefined> {
  const row = await tx
    .selectFrom('nchat_stream_keys')
    .select(['id', 'channel_id', 'stream_id', 'version', 'sealed'])
    .where('id', '=', keyId)
    .executeTakeFirst();
  return row === undefined ? undefined : stored(row);
}

/** As the service. What decides about a key, by one of its look-up names or by its id; undefined when there is no such key. */
export async function readPublishFacts(
  tx: Tx,
  key: { readonly lookups: readonly string[] } | { readonly id: string },
): Promise<PublishFacts | undefined> {
  const found = tx
    .selectFrom('nchat_stream_keys as k')
    .innerJoin('nchat_streams as s', 's.id', 'k.stream_id')
    .leftJoin('nchat_channel_members as m', (join) =>
      join.onRef('m.channel_id', '=', 's.channel_id').onRef('m.user_id', '=', 's.broadcaster_id'),
    )
    .leftJoin('nchat_live_accounts as a', 'a.user_id', 's.broadcaster_id')
    .select([
      'k.id as keyId',
      's.id as streamId',
      's.channel_id as channelId',
      's.broadcaster_id as broadcasterId',
      's.status',
      's.visibility',
      's.reconnect_window_seconds as reconnectWindowSeconds',
      's.bitrate_kbps as bitrateKbps',
      's.fps as fps',
      's.max_resolution as maxResolution',
      's.updated_at as changedAt',
      'm.role as role',
      'a.server_role as serverRole',
      'a.disabled_at as disabledAt',
      'k.revoked_at as revokedAt',
      // Within a year of now: `infinity` is a date, too, and no number of milliseconds.
      sql<number | null>`CASE WHEN k.expires_at IS NOT NULL THEN ceil(1000 * extract(epoch FROM
        greatest(now(), least(k.expires_at, now() + interval '1 year')) - now()))::float8 END`.as(
        'expiresInMs',
      ),
      sql<boolean>`EXISTS (SELECT 1 FROM nchat_stream_keys n WHERE n.stream_id = k.stream_id AND n.version > k.version)`.as(
        'keyReplaced',
      ),
      sql<string>`k.sealed ->> 'kid'`.as('kid'),
      sql<boolean>`tallylight.channel_is_private(s.channel_id)`.as('channelIsPrivate'),
      sql<boolean>`EXISTS (SELECT 1 FROM nchat_stream_bans b WHERE b.user_id = s.broadcaster_id AND b.kind = 'ban'
        AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = s.id)
        AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now()))`.as('isBanned'),
    ]);
  const row = await ('id' in key
    ? found.where('k.id', '=', key.id)
    : found.where('k.lookup', 'in', [...key.lookups])
  ).executeTakeFirst();
  if (row === undefined) return undefined;
  const { reconnectWindowSeconds, changedAt, role, serverRole, disabledAt, revokedAt, expiresInMs, ...same } =
    row;
  return {
    ...same,
    reconnectWindowSeconds: reconnectWindowSeconds ?? undefined,
    changedAtMs: changedAt.getTime(),
    role: role ?? undefined,
    isAdmin: serverRole === 'admin',
    isDisabled: disabledAt !== null,
    keyRevoked: revokedAt !== null,
    keyExpired: expiresInMs === 0,
    expiresInMs: expiresInMs ?? undefined,
  };
}

/** As the service. Those of these keys that are there, were not taken away and have not expired. */
export async function readHolding(tx: Tx, keyIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('nchat_stream_keys')
    .select('id')
    .where(sql<boolean>`id = ANY (${[...keyIds]}::uuid[])`)
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`coalesce(expires_at > now(), true)`)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** As the service. When the key was last let in. */
export async function markUsed(tx: Tx, keyId: string): Promise<void> {
  await tx
    .updateTable('nchat_stream_keys')
    .set({ last_used_at: sql<Date>`now()` })
    .where('id', '=', keyId)
    .execute();
}

/** As the service. What must be known before a secret is shown, and stays when it was. */
export async function writeAudit(
  tx: Tx,
  entry: {
    readonly id: string;
    readonly actorId: string;
    readonly action: string;
    readonly target: string;
    readonly address: string | undefined;
  },
): Promise<void> {
  await tx
    .insertInto('nchat_live_audit_log')
    .values({
      id: entry.id,
      actor_id: entry.actorId,
      action: entry.action,
      target: entry.target,
      address: entry.address ?? null,
    })
    .execute();
}

function stored(
  row: Pick<Selectable<StreamKeysTable>, 'id' | 'channel_id' | 'stream_id' | 'version' | 'sealed'>,
): StoredKey {
  return {
    id: row.id,
    channelId: row.channel_id,
    streamId: row.stream_id,
    version: row.version,
    sealed: ringSealed.parse(row.sealed),
  };
}
