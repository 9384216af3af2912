import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostAppSql } from '../packages/server/src/db/host-app-sql.ts';
import { readMigrations } from '../packages/server/src/db/migrate.ts';

// Writes packages/server/sql/016_live_streaming.sql from db/migrations: run it after every change of a migration.
const path = join(import.meta.dirname, '../packages/server/sql/016_live_streaming.sql');
await writeFile(path, hostAppSql(await readMigrations()));
console.log(`Wrote ${path}`);
