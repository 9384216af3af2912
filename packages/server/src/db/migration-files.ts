import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the migrations lie, `NNNN-name.sql`. */
export const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** One file of SQL, applied once, in one transaction. */
export interface Migration {
  /** File name without `.sql`, such as `0001-roles-and-claims`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file: an applied migration must not change. */
  readonly checksum: string;
  /**
   * Where it is applied: `always`, `standalone` (people and channels are this product's own tables) or `host` (they are a host app's).
   * A file says so in its first line: `-- standalone` or `-- host`.
   */
  readonly kind: 'always' | 'standalone' | 'host';
}

/** Reads every migration of a folder, in order. */
export async function readMigrations(folder: string = MIGRATIONS): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (file) =>
      migrationOf(file.slice(0, -'.sql'.length), await readFile(join(folder, file), 'utf8')),
    ),
  );
}

/** A migration of a name and its text. */
export function migrationOf(name: string, sql: string): Migration {
  const word = /^-- (standalone|host)\b/.exec(sql)?.[1];
  return {
    name,
    sql,
    checksum: createHash('sha256').update(sql).digest('hex'),
    kind: word === 'standalone' || word === 'host' ? word : 'always',
  };
}
