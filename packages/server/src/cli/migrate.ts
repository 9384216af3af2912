import { loadConfig } from '../config/config.ts';
import { renderTable } from '../config/config-table.ts';
import { EmbeddedPostgresError } from '../db/embedded/embedded-postgres-error.ts';
import { MigrationError, migrate, migrationStatus } from '../db/migrate.ts';
import { createLogger } from '../platform/create-logger.ts';
import { type Command, UsageError } from './command.ts';
import { withDatabaseUrl } from './database-access.ts';

/** `tallylight migrate`: brings the database to this version's tables; the server does the same when it starts. */
export const migrateCommand: Command = {
  usage: '[--print | --status]',
  description:
    'Bring the database up to date; --print shows the SQL that would run, --status what was applied',
  async run(argv) {
    const wishes = ['--print', '--status'].filter((word) => argv.includes(word));
    if (wishes.length > 1) throw new UsageError('migrate takes one of --print and --status');
    const config = loadConfig(
      argv.filter((word) => !wishes.includes(word)),
      process.env,
    );
    const work = wishes[0] === '--print' ? printed : wishes[0] === '--status' ? status : applied;
    try {
      console.log(await withDatabaseUrl(config, createLogger(config.log), work));
      return 0;
    } catch (error) {
      if (!(error instanceof MigrationError || error instanceof EmbeddedPostgresError)) throw error;
      console.error(`tallylight: ${error.message}`);
      return 1;
    }
  },
};

async function applied(url: string): Promise<string> {
  const names = await migrate(url);
  return names.length === 0 ? 'The database is up to date.' : `Applied ${names.join(', ')}.`;
}

async function printed(url: string): Promise<string> {
  const { missing } = await migrationStatus(url);
  if (missing.length === 0) return '-- The database is up to date.';
  return missing.map(({ name, sql }) => `-- ${name}\nBEGIN;\n${sql.trimEnd()}\nCOMMIT;\n`).join('\n');
}

async function status(url: string): Promise<string> {
  const { applied: done, missing } = await migrationStatus(url);
  return renderTable([
    ['migration', 'applied at'],
    ...done.map(({ name, appliedAt }) => [name, appliedAt.toISOString()]),
    ...missing.map(({ name }) => [name, 'not yet']),
  ]);
}
