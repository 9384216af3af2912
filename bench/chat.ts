/** `npm run bench:chat`: a durable chat over sockets beside a bare Socket.IO relay; what it takes at most; reactions. */

import type { CrowdOrder, CrowdReport } from './support/chat-crowd.ts';
import { type ChatProcess, ChatServerProcess, CrowdProcess, RelayProcess } from './support/chat-processes.ts';
import { treeUsage } from './support/process-tree.ts';
import { median, option, report, round, wordOption } from './support/report.ts';

const SOCKETS = option('sockets', 1000);
const SECONDS = option('seconds', 20);
/** Runs of ours and of the relay in turn; the median counts. */
const ROUNDS = option('rounds', 3);
const RATE = option('rate', 10);
const ROOMS = option('rooms', 40);
/** `cpu`, `acks`, `ceiling`, `reactions`, or `all`. */
const ONLY = wordOption('only', 'all');
/** Above this p99 a rate is too much. */
const TOO_LATE_MS = 250;
/** Until V8 has compiled what is hot, and everybody is known to the caches. */
const WARM_SECONDS = 4;
const CEILING_RATES = [60, 100, 150, 200, 250, 300, 400, 500];

type Talk = Extract<CrowdOrder, { type: 'talk' | 'react' }>;

interface Run extends CrowdReport {
  /** Per cent of one core: the server's Node process, and with its PostgreSQL. */
  readonly nodePercent: number;
  readonly treePercent: number;
}

/** Lets a crowd do something and measures the server meanwhile. */
async function measured(crowd: CrowdProcess, server: ChatProcess, order: Talk): Promise<Run> {
  const fromMs = performance.now();
  const [tree, node] = [treeUsage(server.pid), treeUsage(server.pid, 'postgres')];
  const report = await crowd.do(order);
  const seconds = (performance.now() - fromMs) / 1000;
  const percent = (before: { cpuSec: number }, after: { cpuSec: number }): number =>
    (100 * (after.cpuSec - before.cpuSec)) / seconds;
  if (report === undefined) throw new Error('the crowd saw nothing');
  if (report.acked === 0) throw new Error(`nothing was acknowledged: ${report.firstRefusal ?? 'no answer'}`);
  if (report.firstRefusal !== undefined)
    console.log(`${report.refused} refused, the first: ${report.firstRefusal}`);
  return {
    ...report,
    treePercent: percent(tree, treeUsage(server.pid)),
    nodePercent: percent(node, treeUsage(server.pid, 'postgres')),
  };
}

function row(server: string, load: string, run: Run): Record<string, unknown> {
  return {
    server,
    load,
    'CPU %': round(run.treePercent, 1),
    'of it Node': round(run.nodePercent, 1),
    'deliveries/s': round(run.deliveries / SECONDS, 0),
    'delivery p50 ms': run.deliveryP50Ms,
    'p99 ms': run.deliveryP99Ms,
    'max ms': run.deliveryMaxMs,
    'acked/s': round(run.acked / SECONDS, 0),
    'ack p50 ms': run.ackP50Ms,
    'ack p99 ms': run.ackP99Ms,
    refused: run.refused,
    'crowd CPU %': round(run.cpuPercent, 0),
  };
}

function wants(part: string): boolean {
  return ONLY === 'all' || ONLY === part;
}

const {
  server: ours,
  port,
  tokens,
  streamIds,
} = await ChatServerProcess.start({
  people: SOCKETS,
  rooms: ROOMS,
});
const { server: relay, port: relayPort } = await RelayProcess.start();
const room = streamIds.slice(0, 1);
const rows: Record<string, unknown>[] = [];
const result: Record<string, unknown> = {};

async function crowdIn(serverPort: number, streams: readonly string[]): Promise<CrowdProcess> {
  const crowd = new CrowdProcess();
  await crowd.do({ type: 'join', port: serverPort, tokens, streamIds: streams });
  return crowd;
}

async function measureCpu(): Promise<void> {
  const crowds = { ours: await crowdIn(port, room), relay: await crowdIn(relayPort, room) };
  const warm: Talk = { type: 'talk', seconds: WARM_SECONDS, perSecond: RATE * 3 };
  await measured(crowds.ours, ours, warm);
  await measured(crowds.relay, relay, warm);
  const runs: { ours: Run; relay: Run }[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    const order: Talk = { type: 'talk', seconds: SECONDS, perSecond: RATE };
    runs.push({
      relay: await measured(crowds.relay, relay, order),
      ours: await measured(crowds.ours, ours, order),
    });
  }
  for (const each of runs) {
    rows.push(row('relay', `${RATE}/s, one room`, each.relay), row('ours', `${RATE}/s, one room`, each.ours));
  }
  result['cpuRatio'] = round(median(runs.map((each) => each.ours.treePercent / each.relay.treePercent)));
  result['nodeCpuRatio'] = round(median(runs.map((each) => each.ours.nodePercent / each.relay.nodePercent)));
  result['p99Ms'] = round(median(runs.map((each) => each.ours.deliveryP99Ms)), 1);
  result['relayP99Ms'] = round(median(runs.map((each) => each.relay.deliveryP99Ms)), 1);
  await crowds.ours.stop();
  await crowds.relay.stop();
}

async function measureAcks(): Promise<void> {
  const crowd = await crowdIn(port, streamIds);
  let best = 0;
  await measured(crowd, ours, { type: 'talk', seconds: WARM_SECONDS, perSecond: 0, atOnce: 32 });
  for (const atOnce of [32, 64, 128, 256, 400]) {
    const run = await measured(crowd, ours, { type: 'talk', seconds: SECONDS, perSecond: 0, atOnce });
    rows.push(row('ours', `${atOnce} at once, ${ROOMS} rooms`, run));
    if (run.ackP99Ms > TOO_LATE_MS || run.refused > 0) break;
    best = Math.max(best, run.acked / SECONDS);
  }
  result['ackedPerSec'] = round(best, 0);
  await crowd.stop();
}

async function measureCeiling(
  name: 'ours' | 'relay',
  server: ChatProcess,
  serverPort: number,
): Promise<void> {
  const crowd = await crowdIn(serverPort, room);
  let ceiling = 0;
  await measured(crowd, server, { type: 'talk', seconds: WARM_SECONDS, perSecond: 60 });
  for (const perSecond of CEILING_RATES) {
    const run = await measured(crowd, server, { type: 'talk', seconds: SECONDS, perSecond });
    rows.push(row(name, `${perSecond}/s, one room`, run));
    const isWhole = run.deliveries >= run.sent * SOCKETS * 0.999 && run.refused === 0;
    if (run.deliveryP99Ms > TOO_LATE_MS || !isWhole || run.lost > 0) break;
    ceiling = run.deliveries / SECONDS;
  }
  result[name === 'ours' ? 'ceilingDeliveriesPerSec' : 'relayCeilingDeliveriesPerSec'] = round(ceiling, 0);
  await crowd.stop();
}

async function measureReactions(): Promise<void> {
  const order: Talk = { type: 'react', seconds: SECONDS, perSecond: 5 * SOCKETS };
  // A room in which nobody has reacted: everybody is asked about at once.
  const cold = await crowdIn(port, streamIds.slice(-1));
  const first = await measured(cold, ours, order);
  rows.push(row('ours', `${order.perSecond} reactions/s, a cold room`, first));
  result['coldReactionsRefused'] = first.refused;
  await cold.stop();
  const crowd = await crowdIn(port, room);
  await measured(crowd, ours, { type: 'react', seconds: WARM_SECONDS, perSecond: SOCKETS });
  const run = await measured(crowd, ours, order);
  rows.push(row('ours', `${order.perSecond} reactions/s`, run));
  result['reactionBroadcastsPerSec'] = round(run.reactionEventsPerClient / SECONDS, 1);
  result['reactionsRefused'] = run.refused;
  await crowd.stop();
}

try {
  if (wants('cpu')) await measureCpu();
  if (wants('acks')) await measureAcks();
  if (wants('ceiling')) await measureCeiling('ours', ours, port);
  if (wants('ceiling')) await measureCeiling('relay', relay, relayPort);
  if (wants('reactions')) await measureReactions();
} finally {
  await Promise.all([ours.stop(), relay.stop()]);
}
report(
  `Chat: ${SOCKETS} sockets, durable (embedded PostgreSQL, fsync on), beside a bare Socket.IO relay`,
  rows,
  result,
);
if (!process.argv.includes('--json')) console.log(`\n${JSON.stringify(result, null, 1)}`);
process.exit(0);
