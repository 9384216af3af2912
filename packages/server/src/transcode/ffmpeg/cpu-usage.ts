import { readFile } from 'node:fs/promises';

/** Clock ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux platform that Node runs on. */
const TICKS_PER_SEC = 100;

/** CPU seconds that a process has used, children not counted; undefined where /proc is absent or the process is gone. */
export async function cpuSeconds(pid: number): Promise<number | undefined> {
  try {
    return parseProcStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** User plus system time of a /proc/<pid>/stat line, in seconds (proc_pid_stat(5), fields 14 and 15). */
export function parseProcStat(line: string): number | undefined {
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SEC : undefined;
}
