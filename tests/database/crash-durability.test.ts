import { setTimeout as delay } from 'node:timers/promises';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../packages/server/src/db/database.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { OwnPostgres } from '../support/own-postgres.ts';
import { waitFor } from '../support/wait-for.ts';

const CRASHES = 4;
const WRITERS = 8;

let own: OwnPostgres;

beforeAll(async () => {
  own = await OwnPostgres.start();
});
afterAll(() => own.drop());

test(`SIGKILL of PostgreSQL ${CRASHES} times under load: nothing acknowledged is lost, nothing is there twice`, async () => {
  const database = new Database({ url: own.url, log: silentLogger });
  const acknowledged = new Set<string>();
  const writing = new AbortController();
  const write = async (): Promise<void> => {
    while (!writing.signal.aborted) {
      const id = v7();
      try {
        await database.asService((tx) => tx.insertInto('users').values({ id }).execute());
        acknowledged.add(id);
      } catch {
        // Not acknowledged: it may be there or not.
        await delay(5);
      }
    }
  };
  const writers = Array.from({ length: WRITERS }, write);
  for (let crash = 0; crash < CRASHES; crash += 1) {
    const before = acknowledged.size;
    await waitFor('writes to be acknowledged', () => acknowledged.size > before + 300, 30_000, 5);
    // The first process and its helpers at once, in the middle of whatever they do.
    own.signal('SIGKILL');
  }
  const before = acknowledged.size;
  await waitFor('writes after the last crash', () => acknowledged.size > before + 100, 30_000, 5);
  writing.abort();
  await Promise.all(writers);
  const stored = await database.asService((tx) => tx.selectFrom('users').select('id').execute());
  const ids = new Set(stored.map(({ id }) => id));
  expect(ids.size).toBe(stored.length);
  expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
  // What was stored without a word of it is at most what was under way at each crash.
  expect(ids.size - acknowledged.size).toBeLessThanOrEqual(CRASHES * WRITERS);
  await database.close();
}, 120_000);
