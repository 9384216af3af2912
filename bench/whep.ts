/** `npm run bench:whep`: watching by WebRTC: glass to glass from a browser and from RTMP, loss on the way out, viewers per core. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openChromium } from '../tests/support/chromium.ts';
import { clockCameraScript } from '../tests/support/clock-camera.ts';
import { FfmpegPublisher } from '../tests/support/publisher.ts';
import { StudioPage } from '../tests/support/studio-page.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { type NetworkPath, routeThroughProxy, UdpProxy } from '../tests/support/udp-proxy.ts';
import { waitFor } from '../tests/support/wait-for.ts';
import { BenchCard } from './support/card.ts';
import { type GlassReading, glassScript, readGlass } from './support/glass.ts';
import { treeUsage } from './support/process-tree.ts';
import { option, percentile, report, round, seconds, wordOption } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';
import { waitUntilListed } from './support/wait-until-listed.ts';
import type { ViewersReport } from './support/whep-viewers.ts';

const STREAM = 'bench';
const MODES = wordOption('modes', 'browser,rtmp,loss-out,viewers').split(',');
const SETTLE_SEC = option('settle', 10);
const MEASURE_SEC = option('seconds', 60);
const LOSS = option('loss', 0.02);
const RTT_MS = option('rtt', 50);
const VIEWERS = option('viewers', 100);
const VIEWERS_SEC = option('viewers-seconds', 20);

interface Row {
  readonly mode: string;
  readonly glassToGlassP50Ms?: number;
  readonly glassToGlassP95Ms?: number;
  readonly stalls?: number;
  readonly longestFreezeMs?: number;
  readonly shown?: number;
  /** Worker and server for all viewers, above what they need without, in per cent of a core. */
  readonly cpuPercent?: number;
  /** Extrapolated from that. */
  readonly viewersPerCore?: number;
  readonly viewers?: number;
  readonly mbpsPerViewer?: number;
  readonly lost?: number;
}

function glass(mode: string, reading: GlassReading): Row {
  return {
    mode,
    glassToGlassP50Ms: round(percentile(reading.latenciesMs, 0.5), 0),
    glassToGlassP95Ms: round(percentile(reading.latenciesMs, 0.95), 0),
    stalls: reading.stalls,
    longestFreezeMs: round(reading.longestFreezeMs, 0),
    shown: reading.shown,
  };
}

/** The watch page with ultra-low latency on, of a stream from the studio or from the test card by RTMP. */
async function measureGlass(mode: string, network?: NetworkPath): Promise<Row> {
  const browser = await openChromium();
  await browser.context.addInitScript(clockCameraScript());
  await browser.context.addInitScript(glassScript);
  const server = await Tallylight.start({ env: { LADDER: 'off' } });
  const key = await server.addKey(STREAM);
  const card = mode === 'rtmp' ? await BenchCard.publish([`${server.rtmpUrl}/${key}`]) : undefined;
  const proxy =
    network === undefined
      ? undefined
      : await UdpProxy.start({ targetPort: server.rtcPort, toServer: network, toClient: network });
  try {
    if (card === undefined) await StudioPage.goLive(await browser.context.newPage(), server.url, key);
    await waitUntilListed(server.playlistUrl(STREAM));
    const page = await browser.context.newPage();
    await page.addInitScript("localStorage.setItem('tallylight.ultra-low-latency', 'yes')");
    if (proxy !== undefined) await routeThroughProxy(page, '**/whep/*', proxy.port);
    await page.goto(`${server.url}/watch/${STREAM}`);
    await page.waitForFunction(() => window.tallylight?.player.store.get().transport === 'whep', undefined, {
      timeout: 20_000,
    });
    const [reading] = await readGlass(page, { settleSec: SETTLE_SEC, measureSec: MEASURE_SEC });
    const state = await page.evaluate(() => window.tallylight?.player.store.get());
    if (state?.transport !== 'whep') throw new Error(`not by WHEP any more: ${state?.transportReason}`);
    if (reading === undefined) throw new Error('the watch page has no video element');
    return glass(mode, reading);
  } finally {
    await browser.close();
    await card?.close();
    await proxy?.close();
    await server.stop();
  }
}

/** CPU of our process tree with and without viewers that only decrypt. */
async function measureViewers(): Promise<Row> {
  const server = await Tallylight.start({
    env: { LADDER: 'off', MAX_WHEP_VIEWERS: '1000', HTTP_MAX_CONNECTIONS_PER_ADDRESS: '1000' },
  });
  const file = sourceFile({ size: '1280x720', fps: 30, bitrate: '2400k', seconds: 20 });
  const publisher = FfmpegPublisher.start([
    ...['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv'],
    `${server.rtmpUrl}/${await server.addKey(STREAM)}`,
  ]);
  const script = fileURLToPath(new URL('support/whep-viewers.ts', import.meta.url));
  let child: ChildProcess | undefined;
  try {
    await waitUntilListed(server.playlistUrl(STREAM));
    await seconds(5);
    const alone = await cpuPercent(server.pid);
    const viewers = spawn(process.execPath, [script, `${server.url}/whep/${STREAM}`, String(VIEWERS)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = viewers;
    let newest: ViewersReport | undefined;
    createInterface({ input: viewers.stdout }).on('line', (line) => {
      newest = JSON.parse(line) as ViewersReport;
    });
    await waitFor('all viewers', () => (newest?.connected ?? 0) + (newest?.failed ?? 0) === VIEWERS, 60_000);
    await seconds(5);
    const before = newest;
    const watched = await cpuPercent(server.pid);
    const after = newest;
    if (before === undefined || after === undefined) throw new Error('the viewers reported nothing');
    const cost = watched - alone;
    return {
      mode: 'viewers',
      viewers: after.connected,
      mbpsPerViewer: round((8 * (after.bytes - before.bytes)) / after.sampled / VIEWERS_SEC / 1e6),
      lost: after.lost - before.lost,
      cpuPercent: round(cost, 1),
      viewersPerCore: round((100 * after.connected) / cost, 0),
    };
  } finally {
    child?.kill('SIGKILL');
    await publisher.stop('SIGKILL');
    await server.stop();
  }
}

async function cpuPercent(pid: number): Promise<number> {
  const [startMs, before] = [performance.now(), treeUsage(pid).cpuSec];
  await seconds(VIEWERS_SEC);
  return (100_000 * (treeUsage(pid).cpuSec - before)) / (performance.now() - startMs);
}

const rows: Row[] = [];
for (const mode of MODES) {
  console.log(`measuring ${mode}`);
  const network = mode === 'loss-out' ? { lossFraction: LOSS, delayMs: RTT_MS / 2 } : undefined;
  rows.push(mode === 'viewers' ? await measureViewers() : await measureGlass(mode, network));
}
report(
  `WHEP, 720p30, passthrough, ${MEASURE_SEC} s after ${SETTLE_SEC} s (loss-out: ${100 * LOSS} % lost and ${RTT_MS} ms RTT on the viewer's path)`,
  rows.map((row) => ({
    mode: row.mode,
    'p50 ms': row.glassToGlassP50Ms,
    'p95 ms': row.glassToGlassP95Ms,
    stalls: row.stalls,
    'longest freeze ms': row.longestFreezeMs,
    pictures: row.shown,
    viewers: row.viewers,
    'Mbit/s each': row.mbpsPerViewer,
    'packets lost': row.lost,
    'CPU % for them': row.cpuPercent,
    'viewers per core': row.viewersPerCore,
  })),
  {
    ...rows[0],
    viewersPerCore: rows.find((row) => row.viewersPerCore !== undefined)?.viewersPerCore,
    results: rows,
  },
);
process.exit(0);
