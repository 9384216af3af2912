import type { DBAdapter, DBTransactionAdapter } from 'better-auth/adapters';
import { APIError } from 'better-auth/api';

/**
 * The library's adapter, but with so many passkeys of one person at most: the library itself knows no bound. The person's row is locked before
 * they are counted, by writing to it, so that two that are added at once are counted one after the other.
 */
export function withLimitedPasskeys(adapter: DBAdapter, most: number): DBAdapter {
  const create: DBAdapter['create'] = (given) =>
    given.model === 'passkey'
      ? adapter.transaction((tx) => limited(tx, most).create(given))
      : adapter.create(given);
  return {
    ...adapter,
    create,
    transaction: (work) => adapter.transaction((tx) => work({ ...tx, ...limited(tx, most) })),
  };
}

function limited(tx: DBTransactionAdapter, most: number): Pick<DBTransactionAdapter, 'create'> {
  return {
    create: async (given) => {
      if (given.model !== 'passkey') return tx.create(given);
      const { userId } = given.data as { readonly userId?: unknown };
      const id = String(userId);
      await tx.update({
        model: 'user',
        where: [{ field: 'id', value: id }],
        update: { updatedAt: new Date() },
      });
      if ((await tx.count({ model: 'passkey', where: [{ field: 'userId', value: id }] })) >= most)
        throw new APIError('CONFLICT', {
          message: `there are ${most} passkeys already: take one away`,
          code: 'TOO_MANY_PASSKEYS',
        });
      return tx.create(given);
    },
  };
}
