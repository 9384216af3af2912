import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { LibraryLink, PackageBinaries } from './package-binaries.ts';

/** Where the programs are that we run. */
export interface InstalledBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Makes the binaries runnable and returns their paths. `copyTo` is a directory for a copy that every user can enter; without it they run
 * where npm put them, unless links are missing there that we may not make: then they are copied below `elseCopyTo`.
 */
export async function installBinaries(
  source: PackageBinaries,
  options: { readonly copyTo: string | undefined; readonly elseCopyTo: string },
): Promise<InstalledBinaries> {
  if (options.copyTo !== undefined) return programsIn(await copied(source, options.copyTo));
  try {
    await makeLinks(source.directory, source.links);
    return programsIn(source.directory);
  } catch {
    // A read-only node_modules, or somebody else's.
    return programsIn(await copied(source, options.elseCopyTo));
  }
}

/** Throws unless `directory` belongs to us and only we may write there: whoever can write there decides what we run. */
export async function requireOwn(directory: string): Promise<void> {
  const { uid, mode } = await lstat(directory);
  if (process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)) return;
  throw new EmbeddedPostgresError(
    `${directory} belongs to user ${uid} with mode ${(mode & 0o777).toString(8)}: it must be ours, and nobody else may write to it`,
  );
}

function programsIn(directory: string): InstalledBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(directory, 'bin', `initdb${suffix}`),
    postgres: join(directory, 'bin', `postgres${suffix}`),
  };
}

/** Copies once; a copy that a kill left half made has another name and is removed. */
async function copied(source: PackageBinaries, parent: string): Promise<string> {
  // Not with mkdir's mode, which the umask cuts.
  if ((await mkdir(parent, { recursive: true })) !== undefined) await chmod(parent, 0o755);
  await requireOwn(parent);
  const target = join(parent, `postgresql-${source.version}`);
  if (existsSync(target)) {
    await requireOwn(target);
    return target;
  }
  const temporary = await mkdtemp(join(parent, `.${basename(target)}-`));
  try {
    const made = join(temporary, 'native');
    await cp(source.directory, made, {
      recursive: true,
      verbatimSymlinks: true,
      // Static libraries are for building: a third of the package.
      filter: (path) => !path.endsWith('.a'),
    });
    await makeLinks(made, source.links);
    await openToAll(made);
    await rename(made, target);
  } catch (error) {
    // Another server that starts at the same time was quicker.
    if (!existsSync(target)) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await removeLeftovers(parent, target);
  return target;
}

/** Whatever umask npm ran under: every user may read and enter, nobody but us write. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || ((await lstat(path)).mode & 0o100) !== 0;
    await chmod(path, runs ? 0o755 : 0o644);
  }
}

async function makeLinks(directory: string, links: readonly LibraryLink[]): Promise<void> {
  for (const { file, link } of links) {
    const path = join(directory, link);
    if (existsSync(path)) continue;
    await mkdir(dirname(path), { recursive: true });
    await symlink(basename(file), path).catch((error: unknown) => {
      if (!existsSync(path)) throw error;
    });
  }
}

async function removeLeftovers(parent: string, target: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`.${basename(target)}-`)) continue;
    // Ten minutes: a copy that is still being made takes seconds.
    const { mtimeMs } = await lstat(join(parent, name));
    if (Date.now() - mtimeMs > 600_000) await rm(join(parent, name), { recursive: true, force: true });
  }
}
