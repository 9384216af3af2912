import { type Arbitrary, array, assert, asyncProperty, boolean, constantFrom, record } from 'fast-check';
import { sql } from 'kysely';
import pino from 'pino';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANONYMOUS, type Claims } from '../../packages/server/src/db/claims.ts';
import { Database, type Tx } from '../../packages/server/src/db/database.ts';
import { isDenied } from '../../packages/server/src/db/database-error.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { makeTenant, type Tenant } from '../support/two-tenants.ts';

// Must-have security test 23: PostgreSQL CVE-2016-2193, CVE-2023-2455 (a plan reused under another role) and CVE-2025-8713.

let test_: TestDatabase;
/** One connection: whatever one transaction leaves behind, the next one finds. */
let database: Database;
let tenants: readonly [Tenant, Tenant];

beforeAll(async () => {
  test_ = await TestDatabase.create();
  database = new Database({ url: test_.url, log: pino({ level: 'silent' }), maxConnections: 1 });
  tenants = [await makeTenant(database), await makeTenant(database)];
});
afterAll(async () => {
  await database.close();
  await test_.drop();
});

const WHO = ['first', 'second', 'nobody', 'service'] as const;
const HOW = [
  'read',
  'write',
  'write foreign',
  'roll back',
  'divide by zero',
  'syntax error',
  'read twice',
] as const;
type Step = {
  readonly who: (typeof WHO)[number];
  readonly how: (typeof HOW)[number];
  readonly later: boolean;
};

const step: Arbitrary<Step> = record({
  who: constantFrom(...WHO),
  how: constantFrom(...HOW),
  later: boolean(),
});

/** Streams and messages that the transaction sees of our tenants. */
async function seen(tx: Tx): Promise<ReadonlySet<string>> {
  const ids = tenants.map(({ streamId }) => streamId);
  const streams = await tx.selectFrom('nchat_streams').select('id').where('id', 'in', ids).execute();
  const messages = await tx
    .selectFrom('nchat_stream_chat_messages')
    .select('stream_id')
    .where('stream_id', 'in', ids)
    .execute();
  const fromStreams = new Set(streams.map(({ id }) => id));
  // Two policies, one answer.
  expect(new Set(messages.map(({ stream_id }) => stream_id))).toEqual(fromStreams);
  return fromStreams;
}

function mayReact(tx: Tx, streamId: string, userId: string): Promise<unknown> {
  return tx
    .insertInto('nchat_stream_reactions')
    .values({ id: v7(), stream_id: streamId, user_id: userId, emoji: '🔥' })
    .execute();
}

async function run({ who, how, later }: Step): Promise<void> {
  const own = who === 'first' ? tenants[0] : who === 'second' ? tenants[1] : undefined;
  const foreign = who === 'first' ? tenants[1] : tenants[0];
  const claims: Claims = own?.claims ?? ANONYMOUS;
  const expected = new Set(
    who === 'service' ? tenants.map(({ streamId }) => streamId) : own === undefined ? [] : [own.streamId],
  );
  const work = async (tx: Tx): Promise<void> => {
    if (later) await sql`SELECT 1`.execute(tx);
    expect(await seen(tx)).toEqual(expected);
    if (how === 'read twice') expect(await seen(tx)).toEqual(expected);
    if (how === 'write' && own !== undefined) await mayReact(tx, own.streamId, own.claims.userId);
    if (how === 'write foreign' && who !== 'service')
      await mayReact(tx, foreign.streamId, own?.claims.userId ?? v7());
    if (how === 'divide by zero') await sql`SELECT 1/0`.execute(tx);
    if (how === 'syntax error') await sql`SELEKT 1`.execute(tx);
    if (how === 'roll back') throw new RangeError('rolled back');
  };
  const call = who === 'service' ? database.asService(work) : database.asUser(claims, work);
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (how === 'roll back') expect(error).toBeInstanceOf(RangeError);
  else if (how === 'divide by zero') expect(error).toMatchObject({ code: '22012' });
  else if (how === 'syntax error') expect(error).toMatchObject({ code: '42601' });
  else if (how === 'write foreign' && who !== 'service') expect(isDenied(error)).toBe(true);
  else expect(error).toBeUndefined();
}

test('two tenants on one connection, 10,000 steps in random order: nobody ever sees or writes what is another’s', async () => {
  let steps = 0;
  await assert(
    asyncProperty(array(step, { minLength: 20, maxLength: 20 }), boolean(), async (each, atOnce) => {
      steps += each.length;
      if (atOnce) await Promise.all(each.map(run));
      else for (const one of each) await run(one);
    }),
    { numRuns: 500, endOnFailure: true },
  );
  expect(steps).toBeGreaterThanOrEqual(10_000);
  expect(database.pool.totalCount).toBe(1);
}, 240_000);
