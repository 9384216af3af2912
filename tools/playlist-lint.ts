import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Finding } from '@tallylight/hls/lint/finding.ts';
import { type LintReport, lintStream } from '@tallylight/hls/lint/lint-stream.ts';
import type { LintClock, PlaylistResponse } from '@tallylight/hls/lint/playlist-source.ts';

const USAGE = `playlist-lint <url-or-file> [--watch seconds] [--json] [--insecure]

Checks an HLS stream, ours or foreign, against the rules that its playlists alone can show. A multivariant playlist is
followed to all its media playlists; with --watch they are reloaded for so long, with blocking reloads and delta updates
where the server offers them. --insecure accepts self-signed certificates. Exit code: 0 clean or advice only, 1 a MUST
is broken or a playlist could not be had, 2 wrong usage.`;

/** A held reload may take three target durations; longer than this means that the server hangs. */
const FETCH_TIMEOUT_MS = 30_000;

const clock: LintClock = {
  monotonicMs: () => performance.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

async function fetchPlaylist(url: string): Promise<PlaylistResponse> {
  if (!url.startsWith('file:')) return fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  const path = fileURLToPath(url.replace(/\?.*$/, ''));
  return { status: 200, url, text: () => readFile(path, 'utf8') };
}

function printFinding(finding: Finding): string {
  const place = finding.line === undefined ? '' : `:${finding.line}`;
  return `${finding.level.padEnd(6)} rule ${String(finding.rule).padEnd(2)} ${finding.playlist ?? ''}${place}  ${finding.words}`;
}

function printReport(report: LintReport): string {
  const count = (level: Finding['level']) =>
    report.findings.filter((finding) => finding.level === level).length;
  const versions = report.playlists.reduce((sum, playlist) => sum + playlist.versions, 0);
  return [
    ...report.findings.map(printFinding),
    ...(report.leftOut === 0 ? [] : [`… and ${report.leftOut} more of the same rules`]),
    ...report.problems.map((problem) => `PROBLEM ${problem}`),
    `${report.playlists.length} media playlists, ${versions} versions: ` +
      `${count('MUST')} MUST, ${count('SHOULD')} SHOULD, ${report.problems.length} problems`,
  ].join('\n');
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      watch: { type: 'string' },
      json: { type: 'boolean' },
      insecure: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const [target] = positionals;
  const seconds = Number(values.watch ?? 0);
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (target === undefined || positionals.length > 1 || !Number.isFinite(seconds) || seconds < 0) {
    console.error(USAGE);
    return 2;
  }
  if (values.insecure === true) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : pathToFileURL(target).href;
  // A file does not change by itself, and what it names may not be here.
  const report = await lintStream({
    url,
    seconds: url.startsWith('file:') ? 0 : seconds,
    fetch: fetchPlaylist,
    clock,
  });
  console.log(values.json === true ? JSON.stringify(report) : printReport(report));
  return report.ok ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
