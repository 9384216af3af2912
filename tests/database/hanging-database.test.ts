import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANONYMOUS } from '../../packages/server/src/db/claims.ts';
import { Database, type Tx } from '../../packages/server/src/db/database.ts';
import { DatabaseUnavailableError } from '../../packages/server/src/db/database-error.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { OwnPostgres } from '../support/own-postgres.ts';
import { waitFor } from '../support/wait-for.ts';

let own: OwnPostgres;
let database: Database;

beforeAll(async () => {
  own = await OwnPostgres.start();
});
afterAll(() => own.drop());
beforeEach(() => {
  database = new Database({ url: own.url, log: silentLogger, maxConnections: 4, maxWaiting: 20 });
});
afterEach(async () => {
  own.signal('SIGCONT');
  await database.close();
});

const one = (tx: Tx): Promise<unknown> => sql`SELECT 1`.execute(tx);

/** What a call failed with, and after how many milliseconds. */
async function failure(call: Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const start = performance.now();
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - start };
}

/** Connections that the server knows of, our probe's apart. */
async function backends(): Promise<readonly number[]> {
  const { rows } = await database.asService((tx) =>
    sql<{ pid: number }>`SELECT pid FROM pg_stat_activity WHERE application_name = 'tallylight'`.execute(tx),
  );
  return rows.map(({ pid }) => pid);
}

describe('a PostgreSQL that hangs (SIGSTOP)', () => {
  test('fails every call within 2 s with UNAVAILABLE, the later ones at once, and works again after SIGCONT', async () => {
    await Promise.all(Array.from({ length: 8 }, () => database.asUser(ANONYMOUS, one)));
    own.signal('SIGSTOP');
    const calls = await Promise.all(
      Array.from({ length: 12 }, () => failure(database.asUser(ANONYMOUS, one))),
    );
    for (const { error, ms } of calls) {
      expect(error).toBeInstanceOf(DatabaseUnavailableError);
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        statusCode: 503,
        details: { retryAfterSeconds: 2 },
      });
      expect(ms).toBeLessThan(2000);
    }
    expect(database.available).toBe(false);
    const later = await failure(database.asService(one));
    expect(later.error).toBeInstanceOf(DatabaseUnavailableError);
    expect(later.ms).toBeLessThan(100);
    expect(await database.check()).toBe(false);
    own.signal('SIGCONT');
    await waitFor('the database to be seen again', () => database.available, 5000);
    await database.asUser(ANONYMOUS, one);
    expect(await database.check()).toBe(true);
  });

  test('a call under way fails, and its connection is used by nobody afterwards', async () => {
    let pid = 0;
    const hung = await failure(
      database.asUser(ANONYMOUS, async (tx) => {
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx);
        pid = rows[0]?.pid ?? 0;
        own.signal('SIGSTOP');
        await one(tx);
      }),
    );
    expect(hung.error).toBeInstanceOf(DatabaseUnavailableError);
    expect(hung.ms).toBeLessThan(2000);
    expect(database.pool.totalCount).toBe(0);
    own.signal('SIGCONT');
    await waitFor('the database to be seen again', () => database.available, 5000);
    expect(pid).toBeGreaterThan(0);
    await waitFor('the connection to be gone', async () => !(await backends()).includes(pid), 5000);
  });

  test('a change whose commit got no answer is reported as not done, done or not', async () => {
    const id = v7();
    await database.asService((tx) => tx.selectFrom('users').select('id').execute());
    const hung = await failure(
      database.asService(async (tx) => {
        await tx.insertInto('users').values({ id, username: 'nobody' }).execute();
        own.signal('SIGSTOP');
      }),
    );
    expect(hung.error).toBeInstanceOf(DatabaseUnavailableError);
  });
});

describe('a PostgreSQL that is away', () => {
  test('refuses at once, and is found again when it was started again', async () => {
    await database.asUser(ANONYMOUS, one);
    process.kill(own.postgres.pid ?? 0, 'SIGKILL');
    const calls: unknown[] = [];
    await waitFor('a call to fail', async () => {
      const { error, ms } = await failure(database.asUser(ANONYMOUS, one));
      expect(ms).toBeLessThan(2000);
      if (error !== undefined) calls.push(error);
      return error !== undefined;
    });
    expect(calls[0]).toBeInstanceOf(DatabaseUnavailableError);
    await waitFor('the database to be used again', async () => {
      await database.asUser(ANONYMOUS, one);
      return true;
    });
  });
});

describe('a PostgreSQL that is too slow', () => {
  test('ends a statement of 1.2 s by itself, and the connection stays', async () => {
    await database.asService(one);
    const before = await backends();
    const { error, ms } = await failure(database.asService((tx) => sql`SELECT pg_sleep(5)`.execute(tx)));
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect(ms).toBeLessThan(1500);
    expect(database.available).toBe(true);
    expect(await backends()).toEqual(before);
  });

  test('lets `maxWaiting` callers wait for a connection, and refuses the next one', async () => {
    await Promise.all(Array.from({ length: 4 }, () => database.asService(one)));
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holding = Array.from({ length: 4 }, () => database.asService(() => released));
    await waitFor('every connection to be in use', () => database.pool.idleCount === 0, 1000, 5);
    const waiting = Array.from({ length: 20 }, () => database.asService(one));
    const refused = await failure(database.asService(one));
    expect(refused.error).toBeInstanceOf(DatabaseUnavailableError);
    expect(refused.ms).toBeLessThan(100);
    release();
    await Promise.all([...holding, ...waiting]);
  });
});
