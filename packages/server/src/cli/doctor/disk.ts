import { access, constants, mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../keys/atomic-file.ts';
import { type Finding, failure, note, ok } from './finding.ts';

const GiB = 1024 ** 3;

/** Whether the data folder can be written, has room, and keeps its secrets to itself. */
export async function checkDisk(dataDir: string): Promise<readonly Finding[]> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [failure('data folder', reason, `make ${dataDir} writable for this user, or set DATA_DIR`)];
  }
  return [
    ok('data folder', dataDir),
    await checkSpace(dataDir),
    await checkSecrecy(join(dataDir, 'master.key')),
  ];
}

async function checkSpace(dataDir: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const found = `${(free / GiB).toFixed(1)} GiB free`;
  if (free >= Math.max(GiB, 0.05 * blocks * bsize)) return ok('disk space', found);
  return note('disk space', found, 'free some: 1 GiB and 5 % of the disk should be left');
}

async function checkSecrecy(path: string): Promise<Finding> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return ok('key files', 'readable by this user only');
    return failure('key files', `${path} can be read by others`, `chmod 600 ${path}`);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return ok('key files', 'none yet');
  }
}
