import { join } from 'node:path';
import { Client } from 'pg';
import type { Config } from '../../config/config.ts';
import { clusterVersion } from '../../db/embedded/new-cluster.ts';
import { findPackageBinaries } from '../../db/embedded/package-binaries.ts';
import { MigrationError, migrationStatus } from '../../db/migrate.ts';
import { type Finding, failure, ok } from './finding.ts';

const SUBJECT = 'database';

/** Whether the database can be reached, is of a version that we support, and how far it is; or whether one can be run here. */
export async function checkDatabase(
  config: Pick<Config, 'dataDir' | 'control'>,
): Promise<readonly Finding[]> {
  if (config.control === undefined) return [ok(SUBJECT, 'none (ROLE=media)')];
  const url = config.control.databaseUrl;
  return [url === undefined ? await checkEmbedded(config.dataDir) : await checkServer(url)];
}

async function checkServer(url: string): Promise<Finding> {
  try {
    const { missing } = await migrationStatus(url);
    const version = await versionOf(url);
    if (missing.length === 0) return ok(SUBJECT, `PostgreSQL ${version}, up to date`);
    return ok(SUBJECT, `PostgreSQL ${version}; the next start applies ${missing.length} migrations`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof MigrationError) {
      return failure(SUBJECT, reason, 'see  npx tallylight migrate --status');
    }
    return failure(SUBJECT, `cannot be reached: ${reason}`, 'check DATABASE_URL and that PostgreSQL runs');
  }
}

async function versionOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}

async function checkEmbedded(dataDir: string): Promise<Finding> {
  try {
    const { version } = await findPackageBinaries();
    const made = await clusterVersion(join(dataDir, 'postgres'));
    const major = version.split('.')[0];
    if (made === undefined || made === major) return ok(SUBJECT, `PostgreSQL ${version}, run in DATA_DIR`);
    return failure(
      SUBJECT,
      `${join(dataDir, 'postgres')} was made by PostgreSQL ${made}, and this is ${version}`,
      'dump it with the former version, move the folder away, start, and restore the dump',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failure(SUBJECT, reason, 'run npm install with optional dependencies, or set DATABASE_URL');
  }
}
