/** `npm run bench:whip`: a browser publishes by WHIP: glass to glass over LL-HLS, CPU of the ingest, loss on the way in, lip sync. */

import type { BrowserContext } from 'playwright-core';
import { openChromium } from '../tests/support/chromium.ts';
import { clockCameraScript } from '../tests/support/clock-camera.ts';
import { StudioPage } from '../tests/support/studio-page.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { type NetworkPath, routeThroughProxy, UdpProxy } from '../tests/support/udp-proxy.ts';
import { type GlassReading, glassScript, readGlass } from './support/glass.ts';
import { avOffsetMs } from './support/lip-sync.ts';
import { measureTree } from './support/process-tree.ts';
import { option, percentile, report, round, seconds, wordOption } from './support/report.ts';
import { waitUntilListed } from './support/wait-until-listed.ts';

const STREAM = 'bench';
const MODES = wordOption('modes', 'll-hls,ll-hls-360p,loss-in,av').split(',');
const SETTLE_SEC = option('settle', 20);
const MEASURE_SEC = option('seconds', 60);
/** Minutes between the first look at the lip sync and the last; the target asks for 10, the run of all modes is to end within minutes. */
const AV_MINUTES = option('av-minutes', 1);
const LOSS = option('loss', 0.02);
const RTT_MS = option('rtt', 50);

interface Row {
  readonly mode: string;
  readonly glassToGlassP50Ms?: number;
  readonly glassToGlassP95Ms?: number;
  readonly stalls?: number;
  readonly longestFreezeMs?: number;
  readonly shown?: number;
  /** Pictures that the server gave up because packets of them never came. */
  readonly droppedFrames?: number;
  /** Worker and server, nobody watching, in per cent of a core. */
  readonly cpuPercent?: number;
  readonly avOffsetMs?: readonly number[];
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

/** Publishes from the studio, watches on the watch page, and counts what the server gave up meanwhile. */
async function measure(
  context: BrowserContext,
  mode: string,
  env: Record<string, string>,
  network?: NetworkPath,
): Promise<Row> {
  const server = await Tallylight.start({ env });
  const key = await server.addKey(STREAM);
  const publisher = await context.newPage();
  const proxy =
    network === undefined
      ? undefined
      : await UdpProxy.start({ targetPort: server.rtcPort, toServer: network, toClient: network });
  if (proxy !== undefined) await routeThroughProxy(publisher, '**/whip', proxy.port);
  await StudioPage.goLive(publisher, server.url, key);
  try {
    await waitUntilListed(server.playlistUrl(STREAM));
    await seconds(5);
    const cpuPercent = mode === 'll-hls' ? (await measureTree(server.pid, 15)).cpuPercent : undefined;
    const page = await context.newPage();
    await page.goto(`${server.url}/watch/${STREAM}`);
    const dropped = countDropped(server.url);
    const [reading] = await readGlass(page, { settleSec: SETTLE_SEC, measureSec: MEASURE_SEC });
    await page.close();
    if (reading === undefined) throw new Error('the watch page has no video element');
    return {
      ...glass(mode, reading),
      droppedFrames: dropped.stop(),
      ...(cpuPercent === undefined ? {} : { cpuPercent: round(cpuPercent) }),
    };
  } finally {
    await publisher.close({ runBeforeUnload: false });
    await proxy?.close();
    await server.stop();
  }
}

/** Adds up `droppedFrames` of the stream's health, which tells the last second. */
function countDropped(url: string): { stop(): number } {
  let sum = 0;
  const timer = setInterval(() => {
    fetch(`${url}/api/streams/${STREAM}/health`)
      .then((response) => response.json())
      .then(
        (status: { health?: { droppedFrames?: number } }) => (sum += status.health?.droppedFrames ?? 0),
        () => {},
      );
  }, 1000);
  return {
    stop() {
      clearInterval(timer);
      return sum;
    },
  };
}

/** White picture and beep as they stand in the segments, at the start and after a while. */
async function measureLipSync(): Promise<Row> {
  const browser = await openChromium();
  await browser.context.addInitScript(
    clockCameraScript({ width: 1280, height: 720, framesPerSecond: 30, flash: 'picture' }),
  );
  const server = await Tallylight.start({ env: { LADDER: 'off' } });
  const studio = await StudioPage.goLive(
    await browser.context.newPage(),
    server.url,
    await server.addKey(STREAM),
  );
  try {
    await waitUntilListed(server.playlistUrl(STREAM));
    await seconds(20);
    const first = await avOffsetMs(server.playlistUrl(STREAM));
    await seconds(60 * AV_MINUTES);
    const last = await avOffsetMs(server.playlistUrl(STREAM));
    return { mode: `lip sync, after ${AV_MINUTES} min`, avOffsetMs: [first, last].map((ms) => round(ms, 0)) };
  } finally {
    await studio.page.close({ runBeforeUnload: false });
    await browser.close();
    await server.stop();
  }
}

const rows: Row[] = [];
for (const mode of MODES) {
  console.log(`measuring ${mode}`);
  if (mode === 'av') {
    rows.push(await measureLipSync());
    continue;
  }
  const browser = await openChromium();
  await browser.context.addInitScript(clockCameraScript());
  await browser.context.addInitScript(glassScript);
  try {
    const env = { LADDER: mode.endsWith('360p') ? '360p:400k' : 'off' };
    const network = mode === 'loss-in' ? { lossFraction: LOSS, delayMs: RTT_MS / 2 } : undefined;
    rows.push(await measure(browser.context, mode, env, network));
  } finally {
    await browser.close();
  }
}
report(
  `Browser by WHIP, 720p30, watched over LL-HLS for ${MEASURE_SEC} s after ${SETTLE_SEC} s (loss-in: ${100 * LOSS} % lost and ${RTT_MS} ms RTT on the publisher's path)`,
  rows.map((row) => ({
    mode: row.mode,
    'p50 ms': row.glassToGlassP50Ms,
    'p95 ms': row.glassToGlassP95Ms,
    stalls: row.stalls,
    'longest freeze ms': row.longestFreezeMs,
    pictures: row.shown,
    'given up': row.droppedFrames,
    'ingest CPU %': row.cpuPercent,
    'A/V offset ms, first and last': row.avOffsetMs?.join(' and '),
  })),
  { ...rows[0], results: rows },
);
process.exit(0);
