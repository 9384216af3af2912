import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/setting.ts';
import { EmbeddedPostgres } from '../db/embedded/embedded-postgres.ts';
import type { Logger } from '../platform/logger.ts';

/**
 * Gives `work` the URL of the database: that of `DATABASE_URL`; else the embedded one's, of the server that runs it, or started for as
 * long as `work` takes. Throws `EmbeddedPostgresError` when it cannot be started.
 */
export async function withDatabaseUrl<T>(
  config: Pick<Config, 'dataDir' | 'control'>,
  log: Logger,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (config.control === undefined) throw new ConfigError('ROLE=media has no database: leave ROLE out');
  if (config.control.databaseUrl !== undefined) return work(config.control.databaseUrl);
  const directory = join(config.dataDir, 'postgres');
  const running = await EmbeddedPostgres.runningUrl(directory);
  if (running !== undefined) return work(running);
  const postgres = await EmbeddedPostgres.start({ directory, log });
  try {
    return await work(postgres.url);
  } finally {
    await postgres.close();
  }
}
