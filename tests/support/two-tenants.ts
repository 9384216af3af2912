import { v7 } from 'uuid';
import type { Claims } from '../../packages/server/src/db/claims.ts';
import type { Database } from '../../packages/server/src/db/database.ts';

/** Somebody with a private channel of their own, a stream in it, and what belongs to a stream. */
export interface Tenant {
  readonly claims: Claims & { readonly userId: string };
  readonly channelId: string;
  readonly streamId: string;
  readonly messageId: string;
}

/** Makes a tenant: the channel is private unless `isPrivate` is false. */
export async function makeTenant(database: Database, isPrivate = true): Promise<Tenant> {
  const [userId, channelId, streamId, messageId] = [v7(), v7(), v7(), v7()];
  await database.asService(async (tx) => {
    await tx.insertInto('users').values({ id: userId }).execute();
    await tx
      .insertInto('nchat_channels')
      .values({ id: channelId, name: 'a channel', is_private: isPrivate, created_by: userId })
      .execute();
    await tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: channelId, user_id: userId, role: 'owner' })
      .execute();
    await tx
      .insertInto('nchat_streams')
      .values({
        id: streamId,
        channel_id: channelId,
        broadcaster_id: userId,
        title: 'a stream',
        stream_key: 'live_…abcd',
        status: 'live',
      })
      .execute();
    await tx.insertInto('nchat_stream_chat_counters').values({ stream_id: streamId, last_seq: 1 }).execute();
    await tx
      .insertInto('nchat_stream_chat_messages')
      .values({
        id: messageId,
        stream_id: streamId,
        user_id: userId,
        content: 'hello',
        seq: 1,
        client_id: 'one',
      })
      .execute();
    await tx
      .insertInto('nchat_stream_viewers')
      .values({
        stream_id: streamId,
        user_id: userId,
        session_id: v7(),
        ip_address: '192.0.2.1',
        user_agent: 'x',
      })
      .execute();
  });
  return { claims: { userId, role: 'user' }, channelId, streamId, messageId };
}

/** Adds somebody without anything; returns their claims. */
export async function makeUser(database: Database): Promise<Tenant['claims']> {
  const userId = v7();
  await database.asService((tx) => tx.insertInto('users').values({ id: userId }).execute());
  return { userId, role: 'user' };
}
