/** `npm run bench:transcode`: CPU of the whole process tree for a source and three rungs, beside FFmpeg doing the same encodes alone. */

import { readdirSync, readFileSync } from 'node:fs';
import { httpGet } from '../tests/support/http-client.ts';
import { FfmpegPublisher } from '../tests/support/publisher.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { waitFor } from '../tests/support/wait-for.ts';
import { measureTree, treeUsage } from './support/process-tree.ts';
import { median, option, report, round, seconds } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';

const STREAM = 'bench';
const RUNGS = 3;
const SECONDS = option('seconds', 18);
const SETTLE_SEC = option('settle', 5);
const ROUNDS = option('rounds', 3);

/** One whole-tree measurement, and what of it was not FFmpeg. */
interface Measured {
  readonly cpuPercent: number;
  /** CPU of the process that is measured, without its children. */
  readonly serverPercent: number;
}

/** Publishes to a fresh server and measures it; gives the arguments of its FFmpeg as well. */
async function measureServer(file: string): Promise<Measured & { readonly args: readonly string[] }> {
  // The budget must not shed a rung: then the two would not do the same work.
  const server = await Tallylight.start({ env: { CPU_BUDGET_CORES: '64' } });
  const key = await server.addKey(STREAM);
  const publisher = FfmpegPublisher.start(
    `-v error -re -stream_loop -1 -i ${file} -c copy -f flv ${server.rtmpUrl}/${key}`.split(' '),
  );
  try {
    await waitFor('every rendition', async () => {
      const { status, body } = await httpGet(server.playlistUrl(STREAM));
      return status === 200 && (body.toString().match(/#EXT-X-STREAM-INF/g) ?? []).length === 1 + RUNGS;
    });
    await seconds(SETTLE_SEC);
    const ffmpeg = encoderOf(server.pid);
    const before = own(server.pid);
    const { cpuPercent } = await measureTree(server.pid, SECONDS);
    const serverPercent = (100 * (own(server.pid) - before)) / SECONDS;
    if (encoderOf(server.pid).pid !== ffmpeg.pid)
      throw new Error('FFmpeg was replaced while it was measured');
    return { cpuPercent, serverPercent, args: ffmpeg.args };
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
  }
}

/** The same encodes of the same file without a server. */
async function measureAlone(args: readonly string[], file: string): Promise<Measured> {
  const ffmpeg = FfmpegPublisher.start(withoutServer(args, file));
  try {
    await seconds(SETTLE_SEC);
    const { cpuPercent } = await measureTree(ffmpeg.pid, SECONDS);
    if (!ffmpeg.running) throw new Error(`FFmpeg alone ended: ${ffmpeg.stderr}`);
    return { cpuPercent, serverPercent: 0 };
  } finally {
    await ffmpeg.stop('SIGKILL');
  }
}

/** The server's own arguments, but read from the file at its pace, and written to nowhere. */
function withoutServer(args: readonly string[], file: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '-progress' || word === '-protocol_whitelist' || word === '-stats_period') at += 1;
    else if (word === '-i') {
      words.push('-re', '-stream_loop', '-1', '-i', file);
      at += 1;
    } else if (word.startsWith('pipe:')) {
      // What came before is this output's muxer and its flags.
      const muxer = words.lastIndexOf('-f');
      words.splice(muxer, words.length - muxer, '-f', 'null', '-');
    } else if (word !== '-hide_banner' && word !== '-nostdin') words.push(word);
  }
  return words;
}

/** The FFmpeg below a server, and its arguments as the kernel has them. */
function encoderOf(serverPid: number): { readonly pid: number; readonly args: readonly string[] } {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const [program = '', ...args] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      if (parent === serverPid && program.endsWith('ffmpeg')) return { pid: Number(name), args };
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error('the server has no FFmpeg');
}

/** CPU seconds of a process without its children. */
function own(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const file = sourceFile({ size: '1920x1080', fps: 30, bitrate: '4000k', seconds: 20 });
const ours: Measured[] = [];
const alone: Measured[] = [];
let args: readonly string[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const measured = await measureServer(file);
  args = measured.args;
  ours.push(measured);
  alone.push(await measureAlone(args, file));
  console.log(
    `round ${round + 1}: ${measured.cpuPercent.toFixed(1)} % beside ${alone.at(-1)?.cpuPercent.toFixed(1)} %`,
  );
}
const tree = median(ours.map(({ cpuPercent }) => cpuPercent));
const encodes = median(alone.map(({ cpuPercent }) => cpuPercent));
const node = median(ours.map(({ serverPercent }) => serverPercent));
const ratio = round(tree / encodes, 3);
report(
  `1080p30 at 4 Mbps, source and ${RUNGS} rungs, medians of ${ROUNDS} turns of ${SECONDS} s (own processes left: ${treeUsage(process.pid).processes})`,
  [
    { what: 'server and its FFmpeg', 'CPU %': round(tree, 1), 'of it Node': round(node, 1), ratio },
    { what: 'FFmpeg alone, same flags, to null', 'CPU %': round(encodes, 1), 'of it Node': 0, ratio: 1 },
  ],
  {
    ratio,
    cpuPercent: round(tree, 1),
    encodesPercent: round(encodes, 1),
    nodePercent: round(node, 1),
    rounds: ours.map((each, index) => [round(each.cpuPercent, 1), round(alone[index]?.cpuPercent ?? 0, 1)]),
    arguments: args.join(' '),
  },
);
process.exit(0);
