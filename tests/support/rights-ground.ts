import type { Database } from '../../packages/server/src/db/database.ts';

/** A role in a channel, by our own names. */
export type ChannelRole = 'owner' | 'moderator' | 'broadcaster' | 'viewer';

/** Who keeps people, channels and members: this product's own tables, or a host app's. */
export interface Ground {
  /** False where the host app alone decides who somebody is: there are no guests, and our own rows say nothing of anybody. */
  readonly hasAccounts: boolean;
  addPerson(id: string, name: string): Promise<void>;
  /** `members`: roles by person. */
  addChannel(id: string, isPrivate: boolean, members: ReadonlyMap<string, ChannelRole>): Promise<void>;
  /** Removes the channels that were added, but for those that somebody owns. */
  forgetChannels(exceptOwnedBy: string): Promise<void>;
}

/** On this product's own tables. */
export function ownGround(database: Database): Ground {
  return {
    hasAccounts: true,
    addPerson: async (id, name) => {
      await database.asService((tx) =>
        tx.insertInto('users').values({ id, username: name.toLowerCase(), display_name: name }).execute(),
      );
    },
    addChannel: (id, isPrivate, members) =>
      database.asService(async (tx) => {
        await tx
          .insertInto('nchat_channels')
          .values({ id, name: 'A channel', slug: slugOf(id), is_private: isPrivate })
          .execute();
        const rows = [...members].map(([user_id, role]) => ({ channel_id: id, user_id, role }));
        await tx.insertInto('nchat_channel_members').values(rows).execute();
      }),
    forgetChannels: (exceptOwnedBy) =>
      database.asService(async (tx) => {
        const kept = tx
          .selectFrom('nchat_channel_members')
          .select('channel_id')
          .where('user_id', '=', exceptOwnedBy)
          .where('role', '=', 'owner');
        await tx.deleteFrom('nchat_channels').where('id', 'not in', kept).execute();
      }),
  };
}

/** Roles of nchat's that mean the same here: its plain members may stream, and any role that it alone knows watches. */
const NCHAT_ROLES: Readonly<Record<ChannelRole, string>> = {
  owner: 'owner',
  moderator: 'moderator',
  broadcaster: 'member',
  viewer: 'guest',
};

/** On tables of nchat's (`NCHAT_SQL`), written as their owner: as the host app does, past this product. */
export function nchatGround({ pool }: Database): Ground {
  return {
    hasAccounts: false,
    addPerson: async (id, name) => {
      await pool.query('INSERT INTO users (id, email, display_name, username) VALUES ($1, $2, $3, $4)', [
        id,
        `${name.toLowerCase()}@example.org`,
        name,
        name.toLowerCase(),
      ]);
    },
    addChannel: async (id, isPrivate, members) => {
      await pool.query('INSERT INTO nchat_channels (id, name, slug, type) VALUES ($1, $2, $3, $4)', [
        id,
        'A channel',
        slugOf(id),
        isPrivate ? 'private' : 'public',
      ]);
      for (const [userId, role] of members)
        await pool.query(
          'INSERT INTO nchat_channel_members (channel_id, user_id, role) VALUES ($1, $2, $3)',
          [id, userId, NCHAT_ROLES[role]],
        );
    },
    forgetChannels: async (exceptOwnedBy) => {
      const added = `SELECT id FROM nchat_channels WHERE slug LIKE 'c-%' AND id NOT IN (
        SELECT channel_id FROM nchat_channel_members WHERE user_id = $1 AND role = 'owner')`;
      await pool.query(`DELETE FROM nchat_streams WHERE channel_id IN (${added})`, [exceptOwnedBy]);
      await pool.query(`DELETE FROM nchat_channel_members WHERE channel_id IN (${added})`, [exceptOwnedBy]);
      await pool.query(`DELETE FROM nchat_channels WHERE id IN (${added})`, [exceptOwnedBy]);
    },
  };
}

function slugOf(id: string): string {
  return `c-${id.slice(-12)}`;
}
