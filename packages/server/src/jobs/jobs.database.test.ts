import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestDatabase } from '../db/testing/test-database.ts';
import type { Clock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { Jobs } from './jobs.ts';
import { keepMetricsPartitions } from './metrics-partitions.ts';

let test_: TestDatabase;
let jobs: Jobs;

beforeAll(async () => {
  test_ = await TestDatabase.create();
});
afterAll(() => test_.drop());
beforeEach(() => {
  jobs = new Jobs({ url: test_.url, log: silentLogger });
});
afterEach(() => jobs.close());

/** A handler that keeps what it got, and a promise of the first payload that `want` holds for. */
function collector(): {
  handler: (payload: Readonly<Record<string, unknown>>) => Promise<void>;
  first: Promise<unknown>;
} {
  let resolve: (payload: unknown) => void = () => {};
  const first = new Promise<unknown>((done) => {
    resolve = done;
  });
  return { handler: async (payload) => resolve(payload), first };
}

describe('jobs', () => {
  test('a job that is due runs with its payload, and one that was left by a stopped server too', async () => {
    const { handler, first } = collector();
    jobs.on('greet', handler);
    await jobs.ready();
    await jobs.close();
    const sender = new Jobs({ url: test_.url, log: silentLogger });
    sender.on('other', async () => {});
    await sender.ready();
    await sender.at(new Date(0), 'greet', { name: 'Ann' });
    await sender.close();
    jobs = new Jobs({ url: test_.url, log: silentLogger });
    jobs.on('greet', handler);
    jobs.start();
    expect(await first).toEqual({ name: 'Ann' });
  });

  test('a job that fails is tried again', async () => {
    let tries = 0;
    const { handler, first } = collector();
    jobs.on('stumble', async (payload) => {
      tries += 1;
      if (tries === 1) throw new Error('the first time');
      await handler(payload);
    });
    await jobs.ready();
    await jobs.at(new Date(0), 'stumble');
    await first;
    expect(tries).toBe(2);
  });

  test('a job that was cancelled does not run, and a later one does', async () => {
    const ran: unknown[] = [];
    const { handler, first } = collector();
    jobs.on('remind', async (payload) => {
      ran.push(payload['n']);
      await handler(payload);
    });
    await jobs.ready();
    const id = await jobs.at(new Date(Date.now() + 1000), 'remind', { n: 1 });
    await jobs.cancel('remind', id);
    await jobs.at(new Date(Date.now() + 1500), 'remind', { n: 2 });
    await first;
    expect(ran).toEqual([2]);
  });

  test('two handlers of one name, and one after the start, are refused', async () => {
    jobs.on('one', async () => {});
    expect(() => jobs.on('one', async () => {})).toThrow(/has a handler already/);
    await jobs.ready();
    expect(() => jobs.on('two', async () => {})).toThrow(/after the start/);
  });

  test('a database that is away delays the start and nothing else', async () => {
    const away = new URL(test_.url);
    away.port = '9';
    const waiting = new Jobs({ url: away.href, log: silentLogger });
    waiting.on('one', async () => {});
    waiting.start();
    await expect(waiting.at(new Date(), 'one')).rejects.toThrow();
    await waiting.close();
  });

  test('connections that are cut do not stop them', async () => {
    const { handler, first } = collector();
    jobs.on('survive', handler);
    await jobs.ready();
    const client = new Client({ connectionString: test_.url });
    await client.connect();
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tallylight jobs'",
    );
    await client.end();
    const sent = async (): Promise<void> => {
      await jobs.at(new Date(0), 'survive', { n: 1 }).catch(sent);
    };
    await sent();
    expect(await first).toEqual({ n: 1 });
  });

  test('times are kept in UTC, and a time that was changed is changed', async () => {
    jobs.every('10 3 * * *', 'tidy', async () => {});
    await jobs.ready();
    await jobs.close();
    jobs = new Jobs({ url: test_.url, log: silentLogger });
    jobs.every('20 * * * *', 'tidy', async () => {});
    await jobs.ready();
    const { rows } = await test_.database.pool.query('SELECT name, cron, timezone FROM pgboss.schedule');
    expect(rows).toEqual([{ name: 'tidy', cron: '20 * * * *', timezone: 'UTC' }]);
  });

  test('their schema is nothing for the request role', async () => {
    await jobs.ready();
    const { rows } = await test_.database.pool.query<{ usable: boolean }>(
      "SELECT has_schema_privilege('tallylight_request', 'pgboss', 'USAGE') AS usable",
    );
    expect(rows).toEqual([{ usable: false }]);
  });
});

describe('the metrics’ partitions', () => {
  const clock: Clock = { now: () => Date.UTC(2026, 10, 22), monotonicMs: () => 0 };

  async function partitions(): Promise<unknown[]> {
    const { rows } = await test_.database.pool.query<{ month: string }>(
      `SELECT right(inhrelid::regclass::text, 7) AS month FROM pg_inherits
       WHERE inhparent = 'nchat_stream_quality_metrics'::regclass ORDER BY 1`,
    );
    return rows.map(({ month }) => month);
  }

  test('are there from the first month with a day to keep to two months ahead', async () => {
    const { database } = test_;
    for (const month of ['2026-07-01', '2026-08-01', '2026-09-01'])
      await database.asService((tx) => sql`SELECT tallylight.ensure_metrics_partition(${month})`.execute(tx));
    // 90 days before 22 November is 24 August.
    await keepMetricsPartitions({ database, clock, log: silentLogger });
    const months = (await partitions()).filter((month) => String(month) < '2027_02');
    expect(months).toEqual(expect.arrayContaining(['2026_08', '2026_09', '2026_11', '2026_12', '2027_01']));
    expect(months).not.toContain('2026_07');
  });
});
