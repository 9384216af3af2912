import type { TestProject } from 'vitest/node';

/** Gives the database tests a PostgreSQL: the one that `TEST_DATABASE_URL` names (a superuser's URL). */
export default function setup(_project: TestProject): void {
  if (process.env['TEST_DATABASE_URL'] === undefined) throw new Error('set TEST_DATABASE_URL');
}
