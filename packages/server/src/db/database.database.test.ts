import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { ANONYMOUS } from './claims.ts';
import { Database } from './database.ts';
import { TestDatabase } from './testing/test-database.ts';

let test_: TestDatabase;

beforeAll(async () => {
  test_ = await TestDatabase.create();
});

afterAll(async () => {
  await test_.drop();
});

test('a transaction has its role and claims, and the next one on the connection has not', async () => {
  const userId = '0192f0c1-0000-7000-8000-000000000001';
  const whoAmI = sql<{
    me: string | null;
    role: string;
  }>`SELECT tallylight.user_id() AS me, current_user AS role`;
  const as = await test_.database.asUser({ userId, role: 'user' }, (tx) => whoAmI.execute(tx));
  expect(as.rows).toEqual([{ me: userId, role: 'tallylight_request' }]);
  const after = await test_.database.asUser(ANONYMOUS, (tx) => whoAmI.execute(tx));
  expect(after.rows).toEqual([{ me: null, role: 'tallylight_request' }]);
});

test('a pause of this process is not taken for an absence of PostgreSQL', async () => {
  const timeoutMs = 400;
  const database = new Database({ url: test_.url, log: silentLogger, timeoutMs });
  const one = () => database.asService((tx) => sql`SELECT 1`.execute(tx));
  try {
    await one();
    const failed = database
      .asService((tx) => sql`SELECT pg_sleep(0.05)`.execute(tx))
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    // The statement is on its way; after the pause Node looks at timers first.
    await sleep(30);
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + timeoutMs * 1.5;
    while (performance.now() < until);
    expect(await failed).toMatchObject({ code: 'UNAVAILABLE' });
    expect(database.available).toBe(true);
    await one();
  } finally {
    await database.close();
  }
});
