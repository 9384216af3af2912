import { open, stat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from './atomic-file.ts';
import { KeyFileError } from './key-file-error.ts';

/** A change takes milliseconds: a lock this old was left by a process that died. */
const staleMs = 10_000;
const waitMs = 3_000;
const retryMs = 20;

/** Runs `change` while no other process changes the same file. Throws `KeyFileError` when the lock cannot be had in 3 s. */
export async function withFileLock<T>(path: string, change: () => Promise<T>): Promise<T> {
  const lockPath = `${path}.lock`;
  await acquire(lockPath);
  try {
    return await change();
  } finally {
    await unlink(lockPath);
  }
}

async function acquire(lockPath: string): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    try {
      const file = await open(lockPath, 'wx', 0o600);
      await file.close();
      return;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    await removeIfStale(lockPath);
    await delay(retryMs);
  }
  throw new KeyFileError(`${lockPath} is held by another process; delete it if no other tallylight runs`);
}

async function removeIfStale(lockPath: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(lockPath);
    if (Date.now() - mtimeMs > staleMs) await unlink(lockPath);
  } catch (error) {
    // Its owner finished in between.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
