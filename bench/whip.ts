/** `npm run bench:whip`: a browser publishes by WHIP: glass to glass over LL-HLS, CPU of the ingest, loss on the way in. */

import type { BrowserContext } from 'playwright-core';
import { openChromium } from '../tests/support/chromium.ts';
import { clockCameraScript } from '../tests/support/clock-camera.ts';
import { StudioPage } from '../tests/support/studio-page.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { type NetworkPath, routeThroughProxy, UdpProxy } from '../tests/support/udp-proxy.ts';
import { glassScript, readGlass } from './support/glass.ts';
import { type GlassRow, glassRow } from './support/glass-row.ts';
import { measureTree } from './support/process-tree.ts';
import { option, report, round, seconds, wordOption } from './support/report.ts';
import { waitUntilListed } from './support/wait-until-listed.ts';

const STREAM = 'bench';
const MODES = wordOption('modes', 'll-hls,ll-hls-360p,loss-in').split(',');
const SETTLE_SEC = option('settle', 15);
const MEASURE_SEC = option('seconds', 30);
const LOSS = option('loss', 0.02);
const RTT_MS = option('rtt', 50);

interface Row extends Partial<GlassRow> {
  readonly mode: string;
  /** Pictures that the server gave up because packets of them never came. */
  readonly droppedFrames?: number;
  /** Worker and server, nobody watching, in per cent of a core. */
  readonly cpuPercent?: number;
  /** The same with the FFmpeg that makes AAC of the browser's Opus. */
  readonly cpuPercentWithSound?: number;
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
    const [cpu, withSound] =
      mode === 'll-hls'
        ? await Promise.all([measureTree(server.pid, 15, 'ffmpeg'), measureTree(server.pid, 15)])
        : [undefined, undefined];
    const page = await context.newPage();
    await page.goto(`${server.url}/watch/${STREAM}`);
    const dropped = countDropped(server.url);
    const [reading] = await readGlass(page, { settleSec: SETTLE_SEC, measureSec: MEASURE_SEC });
    await page.close();
    if (reading === undefined) throw new Error('the watch page has no video element');
    return {
      ...glassRow(mode, reading, 0.7 * 30 * MEASURE_SEC),
      droppedFrames: dropped.stop(),
      ...(cpu === undefined ? {} : { cpuPercent: round(cpu.cpuPercent) }),
      ...(withSound === undefined ? {} : { cpuPercentWithSound: round(withSound.cpuPercent) }),
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

const rows: Row[] = [];
for (const mode of MODES) {
  console.log(`measuring ${mode}`);
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
    'with AAC': row.cpuPercentWithSound,
  })),
  { ...rows[0], results: rows },
);
process.exit(0);
