import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANONYMOUS } from './claims.ts';
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
