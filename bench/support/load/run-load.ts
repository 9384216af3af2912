import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { treeUsage } from '../process-tree.ts';
import type { LoadOptions, LoadReport } from './load-options.ts';

/** A load maker's report, and what the server under it used meanwhile. */
export interface LoadResult extends LoadReport {
  /** Per cent of one core, process tree of the server. */
  readonly serverCpuPercent: number;
}

/** Runs a load maker to its end and measures a server's CPU in the same seconds. */
export async function runLoad(options: LoadOptions, serverPid: number): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'load-maker.ts'), JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  // The load maker starts in about a tenth of a second; a second at each end is left out of the measured time.
  await wait(options.joinSeconds + 1);
  const before = treeUsage(serverPid);
  const fromMs = performance.now();
  await wait(options.seconds - 2);
  const after = treeUsage(serverPid);
  const elapsedSec = (performance.now() - fromMs) / 1000;
  const code = await ended;
  if (code !== 0) throw new Error(`the load maker ended with ${code}`);
  const report = JSON.parse(text) as LoadReport;
  return { ...report, serverCpuPercent: (100 * (after.cpuSec - before.cpuSec)) / elapsedSec };
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
