import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const USER_HZ = 100;
const PAGE_BYTES = 4096;

/** What a process and its descendants used so far. */
export interface TreeUsage {
  /** CPU seconds, user and system, of living processes and of children they waited for. */
  readonly cpuSec: number;
  readonly rssBytes: number;
  readonly processes: number;
}

interface Stat {
  readonly pid: number;
  readonly command: string;
  readonly parent: number;
  readonly cpuSec: number;
  readonly rssBytes: number;
}

/** Reads /proc once and sums up a process with all its descendants, but for those of a command. Linux only. */
export function treeUsage(pid: number, exceptCommand?: string): TreeUsage {
  const stats = readdirSync('/proc').flatMap((name) => readStat(name));
  const members = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const stat of stats) {
      if (members.has(stat.parent) && !members.has(stat.pid)) {
        members.add(stat.pid);
        grew = true;
      }
    }
  }
  const tree = stats.filter((stat) => members.has(stat.pid) && stat.command !== exceptCommand);
  return {
    cpuSec: tree.reduce((sum, stat) => sum + stat.cpuSec, 0),
    rssBytes: tree.reduce((sum, stat) => sum + stat.rssBytes, 0),
    processes: tree.length,
  };
}

/** CPU in per cent of one core over `seconds`, and memory at the end, of a process tree. */
export async function measureTree(
  pid: number,
  seconds: number,
  exceptCommand?: string,
): Promise<{ cpuPercent: number; rssMb: number }> {
  const before = treeUsage(pid, exceptCommand);
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = treeUsage(pid, exceptCommand);
  const elapsedSec = (performance.now() - startMs) / 1000;
  return {
    cpuPercent: (100 * (after.cpuSec - before.cpuSec)) / elapsedSec,
    rssMb: after.rssBytes / 1024 / 1024,
  };
}

function readStat(name: string): Stat[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    // The command may hold blanks and brackets: the fields begin after the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const number = (index: number): number => Number(fields[index]);
    const cpuSec = (number(11) + number(12) + number(13) + number(14)) / USER_HZ;
    const command = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    return [{ pid: Number(name), command, parent: number(1), cpuSec, rssBytes: number(21) * PAGE_BYTES }];
  } catch {
    return [];
  }
}
