import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../packages/server/src/db/embedded/embedded-postgres.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { testPrograms } from './own-postgres.ts';

/** For tests alone: whatever they wrote may be lost with the power. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/**
 * Gives the database tests a PostgreSQL, in `TEST_DATABASE_URL` (a superuser's URL): the one that it names already, else one of their own
 * for this run, the embedded one or with `TEST_POSTGRES=debian` Debian's.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['TEST_DATABASE_URL'] !== undefined) {
    console.log('Database tests run on the PostgreSQL of TEST_DATABASE_URL.');
    return undefined;
  }
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-test-postgres-'));
  const postgres = await EmbeddedPostgres.start({
    directory: join(directory, 'postgres'),
    log: silentLogger,
    settings: FAST,
    ...testPrograms(),
  });
  console.log(
    `Database tests run on ${testPrograms().programs === undefined ? 'the embedded PostgreSQL 18' : "Debian's PostgreSQL 15"}, port ${postgres.port}.`,
  );
  process.env['TEST_DATABASE_URL'] = postgres.adminUrl;
  return async () => {
    delete process.env['TEST_DATABASE_URL'];
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
}
