import { EmbeddedPostgres } from '../../packages/server/src/db/embedded/embedded-postgres.ts';
import { migrate } from '../../packages/server/src/db/migrate.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { untilTerminated } from '../../packages/server/src/platform/termination.ts';
import { testPrograms } from './own-postgres.ts';

// A process that does with the database what the server does, and nothing else: `node database-host.ts <directory> [migrate]`.
// Prints one line of JSON when it is ready, or when it could not start.
const [directory = '', wish] = process.argv.slice(2);
try {
  const postgres = await EmbeddedPostgres.start({ directory, log: silentLogger, ...testPrograms() });
  if (wish === 'migrate') await migrate(postgres.url);
  // Listens for signals before it says that it is there.
  const ended = untilTerminated(() => postgres.close(), silentLogger);
  console.log(JSON.stringify({ pid: process.pid, postgresPid: postgres.pid, url: postgres.url }));
  process.exitCode = await ended;
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  process.exitCode = 1;
}
