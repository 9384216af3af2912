import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { requireOwn } from './installed-binaries.ts';
import type { ServiceUser } from './service-user.ts';

/** Where root keeps what `nobody` must reach when the data folder lies where only root may enter. */
export const STATE_DIRECTORY = '/var/lib/tallylight';

/**
 * Makes `directory` and returns the folder in which the cluster is to lie, as a real path. That is `directory` itself, unless we are root
 * and it lies below a folder that `user` cannot enter, such as /root: then it is a folder of its own below `stateDirectory`, and a link
 * `elsewhere` in `directory` shows where.
 */
export async function clusterPlace(
  directory: string,
  user: ServiceUser | undefined,
  stateDirectory = STATE_DIRECTORY,
): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const real = await realpath(directory);
  // Once a cluster is somewhere it stays there: another place would mean an empty one.
  const elsewhere = join(real, 'elsewhere');
  if (existsSync(elsewhere)) return realpath(elsewhere);
  if (user === undefined) return real;
  // The data folder and ours in it may be opened: to the group of `user` alone, to pass through and not to list.
  for (const own of [dirname(real), real]) await letPass(own, user);
  if (await canEnter(real, user)) return real;
  if (existsSync(join(real, 'data'))) {
    throw new EmbeddedPostgresError(
      `PostgreSQL, which runs as user ${user.uid}, cannot enter ${real} any more: give back the right to enter (chmod o+x) to the folders above`,
    );
  }
  const place = join(
    stateDirectory,
    `database-${createHash('sha256').update(real).digest('hex').slice(0, 16)}`,
  );
  if ((await mkdir(stateDirectory, { recursive: true })) !== undefined) await chmod(stateDirectory, 0o755);
  await requireOwn(stateDirectory);
  await mkdir(place, { recursive: true, mode: 0o700 });
  await requireOwn(place);
  await letPass(place, user);
  await symlink(await realpath(place), elsewhere);
  return realpath(place);
}

async function letPass(path: string, user: ServiceUser): Promise<void> {
  const { uid, gid, mode } = await stat(path);
  if (uid !== 0 || mayPass({ uid, gid, mode }, user) || path === '/') return;
  await chown(path, uid, user.gid);
  // The old group's rights end with it.
  await chmod(path, (mode & 0o707) | 0o010);
}

async function canEnter(path: string, user: ServiceUser): Promise<boolean> {
  for (let each = path; ; each = dirname(each)) {
    if (!mayPass(await stat(each), user)) return false;
    if (each === dirname(each)) return true;
  }
}

function mayPass(
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  user: ServiceUser,
): boolean {
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === user.gid ? 0o010 : 0o001)) !== 0;
}
