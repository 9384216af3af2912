import { autoModConfig } from '@tallylight/protocol/entities/moderation.ts';
import { chatMode, streamStatus } from '@tallylight/protocol/entities/stream.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import type { ChatRoom } from './chat-room.ts';
import type { OutgoingMessage, StoredMessage, StoreOutcome } from './chat-writer.ts';

/** A person's standing as rows say it: durations, for the caller's clock. */
export interface StandingRow {
  readonly isModerator: boolean;
  readonly isFollower: boolean;
  readonly isSubscriber: boolean;
  readonly barredKind: 'ban' | 'timeout' | undefined;
  /** Undefined: for ever. */
  readonly barredForMs: number | undefined;
  readonly accountAgeMs: number;
  readonly lastSentAgoMs: number | undefined;
  readonly author: NonNullable<StreamChatMessage['user']>;
}

/** Where a stream's chat is. `epoch` changes when sequence numbers no longer mean the same messages. */
export interface ChatPosition {
  readonly epoch: string;
  readonly lastSeq: number;
}

/** Which part of a chat. */
export interface ChatPage {
  readonly limit: number;
  /** Newest messages to skip; with neither `beforeSeq` nor `afterSeq`. */
  readonly offset?: number | undefined;
  readonly beforeSeq?: number | undefined;
  readonly afterSeq?: number | undefined;
}

/** Settings of a stream's chat; undefined when there is no such stream. As the service. */
export async function readRoom(tx: Tx, streamId: string): Promise<ChatRoom | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select(['channel_id', 'status', 'enable_chat', 'chat_mode', 'slow_mode_seconds', 'waiting_room'])
    .select(['scheduled_at', 'automod'])
    .where('id', '=', streamId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    streamId,
    channelId: row.channel_id,
    status: streamStatus.parse(row.status),
    enableChat: row.enable_chat,
    mode: chatMode.parse(row.chat_mode),
    slowModeSeconds: row.slow_mode_seconds,
    waitingRoom: row.waiting_room,
    scheduledAtMs: row.scheduled_at?.getTime(),
    autoMod: autoModConfig.parse(row.automod),
  };
}

/** What the caller is in a chat; undefined when the stream does not exist for them. As the user. */
export async function readStanding(
  tx: Tx,
  streamId: string,
  userId: string,
): Promise<StandingRow | undefined> {
  const { rows } = await sql<{
    is_moderator: boolean;
    is_follower: boolean;
    is_subscriber: boolean;
    barred_kind: 'ban' | 'timeout' | null;
    barred_for_ms: number | null;
    account_age_ms: number;
    last_sent_ago_ms: number | null;
    username: string | null;
    display_name: string | null;
    avatar_url: string | null;
  }>`
    SELECT tallylight.moderates_stream(s.id) AS is_moderator,
      EXISTS (SELECT 1 FROM nchat_channel_follows f WHERE f.channel_id = s.channel_id AND f.user_id = u.id)
        OR EXISTS (SELECT 1 FROM nchat_user_follows f WHERE f.followed_id = s.broadcaster_id AND f.user_id = u.id)
        AS is_follower,
      EXISTS (SELECT 1 FROM nchat_channel_subscriptions b WHERE b.channel_id = s.channel_id AND b.user_id = u.id
        AND (b.expires_at IS NULL OR b.expires_at > now())) AS is_subscriber,
      bar.kind AS barred_kind,
      (extract(epoch FROM bar.expires_at - now()) * 1000)::float8 AS barred_for_ms,
      (extract(epoch FROM now() - u.created_at) * 1000)::float8 AS account_age_ms,
      CASE WHEN s.slow_mode_seconds > 0 THEN (extract(epoch FROM now() - (
        SELECT max(m.created_at) FROM nchat_stream_chat_messages m WHERE m.stream_id = s.id AND m.user_id = u.id)) * 1000)::float8
      END AS last_sent_ago_ms,
      u.username, u.display_name, u.avatar_url
    FROM nchat_streams s
    JOIN users u ON u.id = ${userId}
    LEFT JOIN LATERAL (
      SELECT b.kind, b.expires_at FROM nchat_stream_bans b
      WHERE b.user_id = u.id AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = s.id)
        AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now())
      -- A ban before a time-out, what lasts before what ends.
      ORDER BY b.kind, b.expires_at DESC NULLS FIRST LIMIT 1) bar ON true
    WHERE s.id = ${streamId}`.execute(tx);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    isModerator: row.is_moderator,
    isFollower: row.is_follower,
    isSubscriber: row.is_subscriber,
    barredKind: row.barred_kind ?? undefined,
    barredForMs: row.barred_for_ms ?? undefined,
    accountAgeMs: row.account_age_ms,
    lastSentAgoMs: row.last_sent_ago_ms ?? undefined,
    author: {
      id: userId,
      ...publicNames(row),
      isModerator: row.is_moderator,
      isSubscriber: row.is_subscriber,
    },
  };
}

/** Stores messages by `tallylight.send_chat`: an answer for each, in their order. As the service, whose function takes on each author's claims. */
export async function storeMessages(
  tx: Tx,
  messages: readonly OutgoingMessage[],
  waitingRoomMinutes: number,
): Promise<readonly StoreOutcome[]> {
  const json = JSON.stringify(
    messages.map(({ id, streamId, userId, claims, clientId, content }, n) => ({
      n,
      id,
      stream: streamId,
      author: userId,
      claims,
      client: clientId,
      content,
    })),
  );
  const { rows } = await sql<{
    n: number;
    outcome: StoreOutcome['outcome'];
    message_id: string;
    message_seq: number;
    sent_at: Date;
  }>`SELECT * FROM tallylight.send_chat(${json}::jsonb, ${waitingRoomMinutes})`.execute(tx);
  const outcomes: StoreOutcome[] = [];
  for (const { n, outcome, message_id, message_seq, sent_at } of rows) {
    outcomes[n] =
      outcome === 'sent' || outcome === 'duplicate'
        ? { outcome, id: message_id, seq: message_seq, createdAt: sent_at }
        : { outcome };
  }
  return outcomes;
}

/** Those of the ids that are stored, once every transaction that numbers messages of the stream has ended. As the service. */
export async function findStored(
  tx: Tx,
  streamId: string,
  ids: readonly string[],
): Promise<readonly StoredMessage[]> {
  await sql`SELECT 1 FROM nchat_stream_chat_counters WHERE stream_id = ${streamId} FOR UPDATE`.execute(tx);
  const rows = await tx
    .selectFrom('nchat_stream_chat_messages')
    .select(['id', 'seq', 'created_at'])
    .where('stream_id', '=', streamId)
    .where('id', 'in', ids)
    .orderBy('seq')
    .execute();
  return rows.map(({ id, seq, created_at }) => ({ id, seq, createdAt: created_at }));
}

/** The id of the caller's message with that client id, if it was stored and they are not barred since. As the user. */
export async function findByClientId(
  tx: Tx,
  streamId: string,
  userId: string,
  clientId: string,
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('nchat_stream_chat_messages')
    .select('id')
    .where('stream_id', '=', streamId)
    .where('user_id', '=', userId)
    .where('client_id', '=', clientId)
    .where(sql<boolean>`NOT tallylight.is_barred(stream_id, user_id)`)
    .executeTakeFirst();
  return row?.id;
}

/** One message as it is now. As the user. */
export async function readMessage(
  tx: Tx,
  streamId: string,
  messageId: string,
): Promise<StreamChatMessage | undefined> {
  const [message] = await messagesWhere(tx, streamId, sql`m.id = ${messageId}`, sql`m.seq LIMIT 1`);
  return message;
}

/**
 * A part of the chat, oldest first. As the user, after `readPosition` found that they may see the stream: the page itself is read as the
 * service, because the policy of messages would ask the same once for each row, the skipped ones too.
 */
export async function readPage(
  tx: Tx,
  streamId: string,
  { limit, offset = 0, beforeSeq, afterSeq }: ChatPage,
): Promise<readonly StreamChatMessage[]> {
  // Until the end of the transaction. The claims stay: whose badges are shown depends on them.
  await sql`SELECT set_config('role', 'tallylight_service', true)`.execute(tx);
  if (afterSeq !== undefined) {
    return messagesWhere(tx, streamId, sql`m.seq > ${afterSeq}`, sql`m.seq LIMIT ${limit}`);
  }
  const upTo = beforeSeq === undefined ? sql`true` : sql`m.seq < ${beforeSeq}`;
  return messagesWhere(tx, streamId, upTo, sql`m.seq DESC LIMIT ${limit} OFFSET ${offset}`);
}

/** Pinned messages that are read: above what `CHAT_PINNED` can be set to. */
const MOST_PINNED = 100;

/** The pinned messages, the newest pin first. As the user. */
export function readPinned(tx: Tx, streamId: string): Promise<readonly StreamChatMessage[]> {
  return messagesWhere(
    tx,
    streamId,
    sql`m.is_pinned AND NOT m.is_deleted`,
    sql`m.pinned_at DESC NULLS LAST, m.seq DESC LIMIT ${sql.lit(MOST_PINNED)}`,
    sql`page.pinned_at DESC NULLS LAST, page.seq DESC`,
  );
}

/** Undefined when the stream does not exist for the caller, or they are banned from one that is not for everybody. As the user. */
export async function readPosition(tx: Tx, streamId: string): Promise<ChatPosition | undefined> {
  const row = await tx
    .selectFrom('nchat_streams as s')
    .leftJoin('nchat_stream_chat_counters as c', 'c.stream_id', 's.id')
    .select(['c.epoch', 'c.last_seq'])
    .where('s.id', '=', streamId)
    .where(sql<boolean>`tallylight.may_attend(s.id)`)
    .executeTakeFirst();
  return row === undefined ? undefined : { epoch: row.epoch ?? '', lastSeq: row.last_seq ?? 0 };
}

/** The rights of whom the transaction is for to the room of a stream; undefined when there are none. As the user. */
export async function readRoomRights(
  tx: Tx,
  streamId: string,
): Promise<{ readonly channelId: string; readonly moderates: boolean } | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select(['channel_id', sql<boolean>`tallylight.moderates_stream(id)`.as('moderates')])
    .where('id', '=', streamId)
    .where(sql<boolean>`tallylight.may_attend(id)`)
    .executeTakeFirst();
  return row === undefined ? undefined : { channelId: row.channel_id, moderates: row.moderates };
}

/** Deletes a message; false when it was deleted before, or is not the caller's to delete. As the user. */
export async function markDeleted(tx: Tx, messageId: string, userId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('nchat_stream_chat_messages')
    .set({ is_deleted: true, deleted_at: sql`now()`, deleted_by: userId })
    .where('id', '=', messageId)
    .where('is_deleted', '=', false)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Pins; returns `full` when `maxPinned` are. As the user, who must be a moderator. */
export async function pinMessage(
  tx: Tx,
  pin: {
    readonly streamId: string;
    readonly messageId: string;
    readonly userId: string;
    readonly maxPinned: number;
  },
): Promise<'pinned' | 'before' | 'full'> {
  // One at a time, so that two pins at once do not make one too many.
  await sql`SELECT 1 FROM nchat_stream_chat_counters WHERE stream_id = ${pin.streamId} FOR UPDATE`.execute(
    tx,
  );
  const pinned = await tx
    .selectFrom('nchat_stream_chat_messages')
    .select('id')
    .where('stream_id', '=', pin.streamId)
    .where('is_pinned', '=', true)
    .where('is_deleted', '=', false)
    .execute();
  if (pinned.some(({ id }) => id === pin.messageId)) return 'before';
  if (pinned.length >= pin.maxPinned) return 'full';
  await tx
    .updateTable('nchat_stream_chat_messages')
    .set({ is_pinned: true, pinned_at: sql`now()`, pinned_by: pin.userId })
    .where('id', '=', pin.messageId)
    .execute();
  return 'pinned';
}

/** Takes a pin off; false when there was none. As the user, who must be a moderator. */
export async function unpinMessage(tx: Tx, messageId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('nchat_stream_chat_messages')
    .set({ is_pinned: false, pinned_at: null, pinned_by: null })
    .where('id', '=', messageId)
    .where('is_pinned', '=', true)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

type Raw = ReturnType<typeof sql>;

async function messagesWhere(
  tx: Tx,
  streamId: string,
  where: Raw,
  pick: Raw,
  order: Raw = sql`page.seq`,
): Promise<readonly StreamChatMessage[]> {
  const { rows } = await sql<MessageRow>`
    WITH page AS (
      SELECT m.* FROM nchat_stream_chat_messages m WHERE m.stream_id = ${streamId} AND ${where} ORDER BY ${pick}),
    badges AS (
      SELECT * FROM tallylight.chat_badges(${streamId}, ARRAY(SELECT DISTINCT user_id FROM page)))
    SELECT page.*, u.username, u.display_name, u.avatar_url, b.is_moderator, b.is_subscriber
    FROM page LEFT JOIN users u ON u.id = page.user_id LEFT JOIN badges b ON b.user_id = page.user_id
    ORDER BY ${order}`.execute(tx);
  return rows.map(toMessage);
}

interface MessageRow {
  readonly id: string;
  readonly stream_id: string;
  readonly user_id: string;
  readonly content: string;
  readonly seq: number;
  readonly client_id: string;
  readonly is_pinned: boolean;
  readonly is_deleted: boolean;
  readonly is_highlighted: boolean;
  readonly deleted_at: Date | null;
  readonly deleted_by: string | null;
  readonly created_at: Date;
  readonly username: string | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly is_moderator: boolean | null;
  readonly is_subscriber: boolean | null;
}

function toMessage(row: MessageRow): StreamChatMessage {
  return {
    id: row.id,
    streamId: row.stream_id,
    userId: row.user_id,
    // What was deleted is gone for every reader.
    content: row.is_deleted ? '' : row.content,
    seq: row.seq,
    clientId: row.client_id,
    isPinned: row.is_pinned && !row.is_deleted,
    isDeleted: row.is_deleted,
    isHighlighted: row.is_highlighted,
    ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at.toISOString() }),
    ...(row.deleted_by === null ? {} : { deletedBy: row.deleted_by }),
    createdAt: row.created_at.toISOString(),
    user: {
      id: row.user_id,
      ...publicNames(row),
      isModerator: row.is_moderator ?? false,
      isSubscriber: row.is_subscriber ?? false,
    },
  };
}

/** A person's names as everybody may see them; what is not set is absent. */
export function publicNames(row: {
  readonly username: string | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
}): { readonly username?: string; readonly displayName?: string; readonly avatarUrl?: string } {
  return {
    ...(row.username === null ? {} : { username: row.username }),
    ...(row.display_name === null ? {} : { displayName: row.display_name }),
    ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
  };
}
