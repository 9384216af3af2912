import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What tells a process from a later one with the same id; undefined when no such process runs. A zombie does not run. */
export function processMark(pid: number): string | undefined {
  return process.platform === 'linux' ? linuxMark(pid) : portableMark(pid);
}

/**
 * Ids of the living processes that work in `directory` (its real path): a PostgreSQL server and its helpers do so for as long as they
 * live, which a process id in a file does not prove. Linux only; elsewhere empty.
 */
export function processesIn(directory: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const pid = Number(name);
    return workingDirectory(pid) === directory && linuxMark(pid) !== undefined ? [pid] : [];
  });
}

/** Sends a signal; does nothing when the process is gone already. */
export function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Where process ids are counted: two of the same container and boot have the same one. */
export function processWorld(): string {
  if (process.platform !== 'linux') return 'host';
  return `${bootId()} ${readlinkSync('/proc/self/ns/pid')}`;
}

function linuxMark(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): after the name in parentheses come the state (field 3) and, as field 22, the start in ticks since boot.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${bootId()} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function portableMark(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined;
  }
  if (process.platform === 'win32') return 'runs';
  try {
    const words = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return words === '' || words.startsWith('Z') ? undefined : words.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
