import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANONYMOUS } from './claims.ts';
import type { Tx } from './database.ts';
import { isCheckViolation, isDenied, isForeignKeyViolation, isUniqueViolation } from './database-error.ts';
import { TestDatabase } from './testing/test-database.ts';

let test_: TestDatabase;

beforeAll(async () => {
  test_ = await TestDatabase.create();
});
afterAll(() => test_.drop());

/** What a call fails with. */
function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

function addUser(tx: Tx, id: string): Promise<unknown> {
  return tx.insertInto('users').values({ id }).execute();
}

async function exists(id: string): Promise<boolean> {
  const rows = await test_.database.asService((tx) =>
    tx.selectFrom('users').select('id').where('id', '=', id).execute(),
  );
  return rows.length === 1;
}

describe('a transaction', () => {
  test('is kept when its work returns, and undone when it throws', async () => {
    const [kept, undone] = [v7(), v7()];
    await test_.database.asService((tx) => addUser(tx, kept));
    const error = new Error('no');
    const call = test_.database.asService(async (tx) => {
      await addUser(tx, undone);
      throw error;
    });
    expect(await errorOf(call)).toBe(error);
    expect([await exists(kept), await exists(undone)]).toEqual([true, false]);
  });

  test('is not reported as done when a statement failed and its error was swallowed', async () => {
    const id = v7();
    const call = test_.database.asService(async (tx) => {
      await addUser(tx, id);
      await addUser(tx, id).catch(() => {});
    });
    expect(await errorOf(call)).toMatchObject({ message: expect.stringContaining('rolled back') });
    expect(await exists(id)).toBe(false);
  });

  test('takes no statement after its end', async () => {
    const escaped = await test_.database.asService(async (tx) => ({ tx }));
    expect(await errorOf(sql`SELECT 1`.execute(escaped.tx))).toMatchObject({
      message: expect.stringContaining('has ended'),
    });
  });

  test('waits for statements that nobody awaited, and the connection is clean afterwards', async () => {
    await test_.database.asService(async (tx) => {
      void sql`SELECT pg_sleep(0.05)`.execute(tx);
    });
    expect(test_.database.pool.idleCount).toBe(test_.database.pool.totalCount);
  });

  test('runs statements that are asked for at once, one after the other', async () => {
    const results = await test_.database.asService((tx) =>
      Promise.all(
        [1, 2, 3].map(async (n) => (await sql<{ n: number }>`SELECT ${n}::int AS n`.execute(tx)).rows),
      ),
    );
    expect(results).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  test('passes claims with quotes, backslashes and line ends as they are', async () => {
    const userId = `'; DROP TABLE users; -- \\ " \n \u0000 ü`;
    const { rows } = await test_.database.asUser({ userId, role: 'user' }, (tx) =>
      sql<{ claim: string }>`SELECT current_setting('hasura.user') AS claim`.execute(tx),
    );
    expect(JSON.parse(rows[0]?.claim ?? '')).toEqual({ 'x-hasura-role': 'user', 'x-hasura-user-id': userId });
  });

  test('knows how many rows were changed', async () => {
    const id = v7();
    const result = await test_.database.asService(async (tx) => {
      await addUser(tx, id);
      return tx.updateTable('users').set({ username: 'somebody' }).where('id', '=', id).executeTakeFirst();
    });
    expect(result.numUpdatedRows).toBe(1n);
  });
});

describe('errors of PostgreSQL', () => {
  test('a row that exists already, by the name of the constraint', async () => {
    const id = v7();
    await test_.database.asService((tx) => addUser(tx, id));
    const error = await errorOf(test_.database.asService((tx) => addUser(tx, id)));
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'users_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'users_username')).toBe(false);
  });

  test('a row that row-level security or a missing grant refuses', async () => {
    const insert = errorOf(test_.database.asUser(ANONYMOUS, (tx) => addUser(tx, v7())));
    expect(isDenied(await insert)).toBe(true);
    expect(isDenied(new Error('42501'))).toBe(false);
  });

  test('a row that points to none, and a value that breaks a CHECK', async () => {
    const follow = test_.database.asService((tx) =>
      tx.insertInto('nchat_user_follows').values({ followed_id: v7(), user_id: v7() }).execute(),
    );
    expect(isForeignKeyViolation(await errorOf(follow))).toBe(true);
    const account = test_.database.asService(async (tx) => {
      const id = v7();
      await addUser(tx, id);
      await tx.insertInto('nchat_live_accounts').values({ user_id: id, server_role: 'king' }).execute();
    });
    expect(isCheckViolation(await errorOf(account), 'nchat_live_accounts_server_role_check')).toBe(true);
  });
});
