import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestDatabase } from '../db/testing/test-database.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { startControlJobs } from './control-jobs.ts';

let postgres: TestDatabase;
let jobs: Jobs;
const done: string[] = [];

beforeAll(async () => {
  postgres = await TestDatabase.create();
  const note =
    <T>(name: string, answer: T) =>
    async (): Promise<T> => {
      done.push(name);
      return answer;
    };
  const services = {
    accounts: { removeIdleGuests: note('guests', 0) },
    answers: { prune: note('answers', 0) },
    notifications: {
      tellLeft: note('left', undefined),
      dueReminders: note('reminders', 0),
      forgetOld: note('old', 0),
    },
  };
  jobs = startControlJobs(postgres.url, services as never, {
    ...{ database: postgres.database, clock: systemClock, log: silentLogger },
    retention: { addressHours: 24, metricsDays: 90 },
  });
  await jobs.ready();
});
afterAll(async () => {
  await jobs.close();
  await postgres.drop();
});

test('what was left untold is told every minute, and idle guests are removed every day', async () => {
  const { rows } = await postgres.database.pool.query<{ name: string; cron: string }>(
    `SELECT name, cron FROM pgboss.schedule WHERE name IN ('tell-followers', 'remove-idle-guests') ORDER BY name`,
  );
  expect(rows).toEqual([
    { name: 'remove-idle-guests', cron: '50 3 * * *' },
    { name: 'tell-followers', cron: '* * * * *' },
  ]);
});

test.each([
  ['tell-followers', 'left'],
  ['remove-idle-guests', 'guests'],
])('the job %s does what its name says', async (job, work) => {
  await jobs.at(new Date(), job);
  await expect.poll(() => done, { timeout: 20_000 }).toContain(work);
});
