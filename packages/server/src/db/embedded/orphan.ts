import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { killIfThere, processesIn, processMark } from './process-proof.ts';

/** How long each way of asking may take, gentle ones first. PostgreSQL: SIGINT is a fast shutdown, SIGQUIT an immediate one. */
const WAYS = [
  ['SIGINT', 5000],
  ['SIGQUIT', 2000],
  ['SIGKILL', 20_000],
] as const;

/**
 * Ends what an earlier server of ours left running on the cluster `data` (a real path), and removes its `postmaster.pid`, but only when
 * nothing runs there any more. The caller holds the lock, so whatever runs there is an orphan. Throws when it cannot be ended.
 */
export async function endOrphan(data: string, log: Logger): Promise<void> {
  const recorded = await recordedPid(data);
  let left = living(data, recorded);
  if (left.length > 0) log.warn({ pids: left }, 'stopping a PostgreSQL that outlived its server');
  for (const [signal, patienceMs] of WAYS) {
    // The first process of the cluster ends its helpers; without it they end soon by themselves, unless they hang.
    const postmaster = left.find((pid) => pid === recorded);
    const told = postmaster === undefined || signal === 'SIGKILL' ? left : [postmaster];
    for (const pid of told) killIfThere(pid, signal);
    left = await untilGone(data, recorded, postmaster === undefined ? patienceMs / 10 : patienceMs);
    if (left.length === 0) break;
  }
  if (left.length > 0) {
    throw new EmbeddedPostgresError(
      `the PostgreSQL processes ${left.join(', ')} on ${data} cannot be stopped`,
    );
  }
  await rm(join(data, 'postmaster.pid'), { force: true });
}

async function untilGone(
  data: string,
  recorded: number | undefined,
  patienceMs: number,
): Promise<readonly number[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = living(data, recorded);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(20);
  }
}

/** Where we can see who works in the folder, that is the proof; elsewhere the recorded id must do. */
function living(data: string, recorded: number | undefined): readonly number[] {
  if (process.platform === 'linux') return processesIn(data);
  return recorded !== undefined && processMark(recorded) !== undefined ? [recorded] : [];
}

async function recordedPid(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}
