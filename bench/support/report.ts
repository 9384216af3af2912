import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** CPU model, cores and versions, without which a figure says nothing. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return `${model}, ${cpus().length} cores, Node ${process.version}, ${version('ffmpeg', ['-version'])}`;
}

/** First line of a program's version, or that it is not installed. */
export function version(program: string, args: readonly string[]): string {
  try {
    return (
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
        .split('\n')[0]
        ?.slice(0, 60) ?? program
    );
  } catch {
    return `${program} not installed`;
  }
}

/** Prints rows of equal keys as a table, and with `--json` one JSON object as the last line. */
export function report(
  title: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  result?: object,
): void {
  console.log(`\n${title}\n${machine()}\n`);
  const keys = Object.keys(rows[0] ?? {});
  const cells = [keys, ...rows.map((row) => keys.map((key) => show(row[key])))];
  const widths = keys.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  cells.forEach((line, index) => {
    console.log(`| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
    if (index === 0) console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  });
  if (result !== undefined && process.argv.includes('--json')) console.log(`\n${JSON.stringify(result)}`);
}

/** A number from the command line, `--name value`. */
export function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isFinite(value)) throw new Error(`--${name} wants a number, got ${process.argv[at + 1]}`);
  return value;
}

/** A word from the command line, `--name value`. */
export function wordOption(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

/** Waits. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * count));
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** The value below which a share of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Rounds to `digits` decimals. */
export function round(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

function show(value: unknown): string {
  if (value === undefined) return '–';
  if (typeof value === 'number') return String(round(value, 3));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
