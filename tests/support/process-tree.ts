import { readdirSync, readFileSync } from 'node:fs';

/** A process as Linux's /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** Name of the executable, cut to 15 characters. */
  readonly name: string;
  /** One letter: `R`, `S`, `Z` for one that is dead and not yet collected, … */
  readonly state: string;
}

/** One process; undefined when it is gone. */
export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const nameEnd = stat.lastIndexOf(')');
    const [state = '', parent = ''] = stat.slice(nameEnd + 2).split(' ');
    return { pid, parentPid: Number(parent), name: stat.slice(stat.indexOf('(') + 1, nameEnd), state };
  } catch {
    return undefined;
  }
}

/** True while a process runs; one that is dead and not collected does not. */
export function isAlive(pid: number): boolean {
  const state = processEntry(pid)?.state;
  return state !== undefined && state !== 'Z';
}

/** Living processes below `pid`, at any depth. */
export function descendants(pid: number): ProcessEntry[] {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (processEntry(Number(name)) ?? []) : [],
  );
  const found: ProcessEntry[] = [];
  const parents = new Set([pid]);
  // Process ids wrap, so children may have smaller ones: look until nothing new is found.
  for (let before = -1; before !== parents.size; ) {
    before = parents.size;
    for (const entry of all) {
      if (entry.state === 'Z' || parents.has(entry.pid) || !parents.has(entry.parentPid)) continue;
      parents.add(entry.pid);
      found.push(entry);
    }
  }
  return found;
}

/** FFmpegs below `pid`; the sandbox's tools, which become it, do not count yet. */
export function ffmpegsBelow(pid: number): number[] {
  return descendants(pid).flatMap((entry) => (entry.name === 'ffmpeg' ? [entry.pid] : []));
}

/** Arguments of a process, or its environment: what is separated by NUL in /proc. */
export function processWords(pid: number, file: 'cmdline' | 'environ'): string[] {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1);
}
