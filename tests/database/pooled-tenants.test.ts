import { randomInt } from 'node:crypto';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claims } from '../../packages/server/src/db/claims.ts';
import { Database } from '../../packages/server/src/db/database.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { findLeak, type PooledDatabase, STEPS_PER_ROUND } from '../support/tenant-interleaving.ts';
import { makeTenant, type Tenant } from '../support/two-tenants.ts';

// Must-have security test 23: PostgreSQL CVE-2016-2193, CVE-2023-2455 (a plan reused under another role) and CVE-2025-8713.

/** `TALLYLIGHT_SEED` asks again what an earlier run asked. */
const seed = Number(process.env['TALLYLIGHT_SEED'] ?? randomInt(2 ** 31));

let test_: TestDatabase;
/** One connection: whatever one transaction leaves behind, the next one finds. */
let database: Database;
let tenants: readonly [Tenant, Tenant];

beforeAll(async () => {
  test_ = await TestDatabase.create();
  database = new Database({
    url: test_.url,
    log: pino({ level: 'silent' }),
    maxConnections: 1,
    timeoutMs: 10_000,
  });
  tenants = [await makeTenant(database), await makeTenant(database)];
});
afterAll(async () => {
  await database?.close();
  await test_?.drop();
});

test('two tenants on one connection, 10,000 steps in random order: nobody ever sees or writes what is another’s', async () => {
  expect(await findLeak(database, tenants, { seed, rounds: 10_000 / STEPS_PER_ROUND })).toBeUndefined();
  expect(database.pool.totalCount).toBe(1);
}, 240_000);

describe('a pool that leaks is found out within 200 rounds, in words', () => {
  /** Every 40th transaction on behalf of somebody is done otherwise. */
  function leaking(
    asUser: (claims: Claims, work: Parameters<Database['asUser']>[1], before: Claims) => Promise<unknown>,
  ): PooledDatabase {
    let count = 0;
    let before: Claims = tenants[0].claims;
    return {
      asUser: async <T>(claims: Claims, work: Parameters<Database['asUser']>[1]) => {
        const isLeak = ++count % 40 === 0;
        const last = before;
        before = claims;
        return (await (isLeak ? asUser(claims, work, last) : database.asUser(claims, work))) as T;
      },
      asService: (work) => database.asService(work),
      readAs: (...question) => database.readAs(...question),
      pool: database.pool,
    };
  }

  test.each<[string, RegExp, () => PooledDatabase]>([
    [
      'somebody gets the claims of who came before',
      /(?:the (?:first|second) tenant|nobody) (?:saw|did not see) the stream of the (?:first|second) tenant/,
      () => leaking((_, work, before) => database.asUser(before, work)),
    ],
    [
      'somebody runs as the service',
      /(?:the (?:first|second) tenant|nobody) saw the stream of the (?:first|second) tenant/,
      () => leaking((_, work) => database.asService(work)),
    ],
    [
      'claims stay on the connection',
      /the connection still has the claims \{"x-hasura-role"/,
      () =>
        leaking(async (claims, work) => {
          const keep = `SELECT set_config('hasura.user', '${JSON.stringify({ 'x-hasura-role': claims.role })}', false)`;
          await database.pool.query(keep);
          return database.asUser(claims, work);
        }),
    ],
    [
      'the role stays on the connection',
      /the connection is still tallylight_service's/,
      () =>
        leaking(async (claims, work) => {
          await database.pool.query("SELECT set_config('role', 'tallylight_service', false)");
          return database.asUser(claims, work);
        }),
    ],
    [
      'a transaction is left open',
      /the connection is still in a transaction/,
      () =>
        leaking(async (claims, work) => {
          const done = await database.asUser(claims, work);
          await database.pool.query('BEGIN');
          return done;
        }),
    ],
    [
      'a prepared statement is asked with the claims of who came before',
      /by a plan that all share: (?:the (?:first|second) tenant|nobody) (?:saw|did not see) the stream of the/,
      () => {
        let before: Claims = tenants[0].claims;
        return {
          ...leaking((claims, work) => database.asUser(claims, work)),
          readAs: (claims, ...question) => {
            const last = before;
            before = claims;
            return database.readAs(last, ...question);
          },
        };
      },
    ],
    ['nobody answers', /no answer within 500 ms/, () => leaking(() => new Promise(() => {}))],
  ])('%s', async (name, words, pool) => {
    const stepTimeoutMs = name === 'nobody answers' ? 500 : 10_000;
    const leak = await findLeak(pool(), tenants, { seed, rounds: 200, stepTimeoutMs });
    await database.pool.query("ROLLBACK; RESET ROLE; SELECT set_config('hasura.user', '', false)");
    expect(leak).toMatch(words);
    expect(leak).toMatch(new RegExp(`^seed ${seed}, round \\d+`));
  });
});
