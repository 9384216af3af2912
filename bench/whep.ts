/** `npm run bench:whep`: watching by WebRTC: glass to glass from a browser and from RTMP, loss on the way out, viewers per core. */

import type { BrowserContext, Page } from 'playwright-core';
import { openChromium } from '../tests/support/chromium.ts';
import { clockCameraScript } from '../tests/support/clock-camera.ts';
import { FfmpegPublisher } from '../tests/support/publisher.ts';
import { StudioPage } from '../tests/support/studio-page.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { type NetworkPath, routeThroughProxy, UdpProxy } from '../tests/support/udp-proxy.ts';
import { BareWhep } from './support/bare-whep-process.ts';
import { BenchCard } from './support/card.ts';
import { glassScript, readGlass } from './support/glass.ts';
import { type GlassRow, glassRow } from './support/glass-row.ts';
import { avOffsetMs } from './support/lip-sync.ts';
import { heardOffsetMs, lipWatchScript } from './support/lip-watch.ts';
import { option, report, round, seconds, wordOption } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';
import { type ViewerCost, viewerCost } from './support/viewer-cost.ts';
import { rememberPeersScript, type ViewerStats, viewerStats } from './support/viewer-stats.ts';
import { waitUntilListed } from './support/wait-until-listed.ts';

const STREAM = 'bench';
const MODES = wordOption('modes', 'browser,rtmp,loss-out,viewers,viewers-ipv6,av').split(',');
const SETTLE_SEC = option('settle', 10);
const MEASURE_SEC = option('seconds', 30);
const LOSS = option('loss', 0.02);
const RTT_MS = option('rtt', 50);
/** Minutes between the first look at the lip sync and the last; the target asks for 10. */
const AV_MINUTES = option('av-minutes', 0.5);
const VIEWERS = option('viewers', 100);
const VIEWERS_SEC = option('viewers-seconds', 20);
const VIEWER_ROUNDS = option('viewers-rounds', 3);

interface Row extends Partial<GlassRow> {
  readonly mode: string;
  /** Frames that the browser gave up, and packets that it missed for good. */
  readonly framesDropped?: number;
  readonly packetsLost?: number;
  readonly nacks?: number;
  readonly avOffsetMs?: readonly number[];
  /** Worker and server for all viewers, above what they need for one, in per cent of a core. */
  readonly cpuPercent?: number;
  /** Extrapolated from that. */
  readonly viewersPerCore?: number;
  /** Of the rounds. */
  readonly viewersPerCoreRange?: readonly number[];
  readonly viewers?: number;
  readonly mbpsPerViewer?: number;
  /** RTP packets of one viewer in a second, and their mean size in bytes. */
  readonly packetsPerSecond?: number;
  readonly packetBytes?: number;
  readonly lost?: number;
}

/** The watch page with ultra-low latency on, of a stream from the studio or from the test card by RTMP. */
async function measureGlass(mode: string, network?: NetworkPath): Promise<Row> {
  const browser = await openChromium();
  await browser.context.addInitScript(clockCameraScript());
  await browser.context.addInitScript(glassScript);
  await browser.context.addInitScript(rememberPeersScript);
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
    const page = await watchByWhep(browser.context, server.url, proxy?.port);
    let before: ViewerStats | undefined;
    const [reading] = await readGlass(page, {
      settleSec: SETTLE_SEC,
      measureSec: MEASURE_SEC,
      onBegin: async () => void (before = await viewerStats(page)),
    });
    const after = await viewerStats(page);
    const state = await page.evaluate(() => window.tallylight?.player.store.get());
    if (state?.transport !== 'whep') throw new Error(`not by WHEP any more: ${state?.transportReason}`);
    if (reading === undefined) throw new Error('the watch page has no video element');
    return {
      ...glassRow(mode, reading, 0.7 * 30 * MEASURE_SEC),
      framesDropped: after.framesDropped - (before?.framesDropped ?? 0),
      packetsLost: after.packetsLost - (before?.packetsLost ?? 0),
      nacks: after.nackCount - (before?.nackCount ?? 0),
    };
  } finally {
    await browser.close();
    await card?.close();
    await proxy?.close();
    await server.stop();
  }
}

/** White picture and beep as a viewer by WebRTC sees and hears them, and as they stand in the HLS segments: at first and after a while. */
async function measureLipSync(): Promise<readonly Row[]> {
  const browser = await openChromium();
  await browser.context.addInitScript(
    clockCameraScript({ width: 1280, height: 720, framesPerSecond: 30, flash: 'picture' }),
  );
  await browser.context.addInitScript(lipWatchScript);
  const server = await Tallylight.start({ env: { LADDER: 'off' } });
  try {
    await StudioPage.goLive(await browser.context.newPage(), server.url, await server.addKey(STREAM));
    await waitUntilListed(server.playlistUrl(STREAM));
    const page = await watchByWhep(browser.context, server.url);
    await seconds(20);
    const playlist = server.playlistUrl(STREAM);
    const first = [await heardOffsetMs(page, 10), await avOffsetMs(playlist)] as const;
    await seconds(60 * AV_MINUTES);
    const last = [await heardOffsetMs(page, 10), await avOffsetMs(playlist)] as const;
    return [
      {
        mode: `lip sync by WHEP, ${AV_MINUTES} min apart`,
        avOffsetMs: [round(first[0], 0), round(last[0], 0)],
      },
      {
        mode: `lip sync in HLS, ${AV_MINUTES} min apart`,
        avOffsetMs: [round(first[1], 0), round(last[1], 0)],
      },
    ];
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Opens the watch page with ultra-low latency on. */
async function watchByWhep(context: BrowserContext, url: string, proxyPort?: number): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript("localStorage.setItem('tallylight.ultra-low-latency', 'yes')");
  if (proxyPort !== undefined) await routeThroughProxy(page, '**/whep/*', proxyPort);
  await page.goto(`${url}/watch/${STREAM}`);
  await page.waitForFunction(() => window.tallylight?.player.store.get().transport === 'whep', undefined, {
    timeout: 20_000,
  });
  return page;
}

/**
 * What viewers cost our process tree, and the library that it uses without anything of ours, in turn. The address decides the family:
 * IPv6 costs more, for the kernel looks for the source address of each datagram.
 */
async function measureViewers(mode: string, address: string): Promise<readonly Row[]> {
  const [ours, bare]: [ViewerCost[], ViewerCost[]] = [[], []];
  for (let round = 0; round < VIEWER_ROUNDS; round += 1) {
    const cost = await costOfOurs(address);
    ours.push(cost);
    bare.push(await costOfBare(cost, address));
  }
  return [viewerRow(mode, ours), viewerRow(`${mode}, the bare library`, bare)];
}

/** The round whose cost is the middle one. */
function viewerRow(mode: string, rounds: readonly ViewerCost[]): Row {
  const perCore = rounds.map(({ viewersPerCore }) => viewersPerCore).sort((a, b) => a - b);
  const middle = rounds.find(({ viewersPerCore }) => viewersPerCore === perCore[perCore.length >> 1]);
  if (middle === undefined) throw new Error('no round was measured');
  return {
    mode,
    viewers: middle.viewers,
    mbpsPerViewer: round(middle.mbpsPerViewer),
    packetsPerSecond: round(middle.packetsPerSecond, 0),
    packetBytes: round(middle.packetBytes, 0),
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
    cpuPercent: round(middle.cpuPercent, 1),
    viewersPerCore: round(middle.viewersPerCore, 0),
    viewersPerCoreRange: [perCore[0] ?? 0, perCore.at(-1) ?? 0].map((each) => round(each, 0)),
  };
}

async function costOfOurs(address: string): Promise<ViewerCost> {
  const server = await Tallylight.start({
    env: {
      LADDER: 'off',
      PUBLIC_IP: address,
      MAX_WHEP_VIEWERS: '1000',
      WHEP_VIEWERS_PER_ADDRESS: '1000',
      WHEP_POSTS_PER_MINUTE: '10000',
      HTTP_MAX_CONNECTIONS_PER_ADDRESS: '1000',
    },
  });
  const file = sourceFile({ size: '1280x720', fps: 30, bitrate: '2400k', seconds: 20 });
  const publisher = FfmpegPublisher.start([
    ...['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv'],
    `${server.rtmpUrl}/${await server.addKey(STREAM)}`,
  ]);
  try {
    await waitUntilListed(server.playlistUrl(STREAM));
    const url = `${server.url}/whep/${STREAM}`;
    return await viewerCost({ pid: server.pid, url, viewers: VIEWERS, measureSec: VIEWERS_SEC });
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
  }
}

/** As many packets of the same size as ours sent. */
async function costOfBare(load: ViewerCost, address: string): Promise<ViewerCost> {
  const bare = await BareWhep.start({ ...load, address });
  try {
    return await viewerCost({ pid: bare.pid, url: bare.url, viewers: VIEWERS, measureSec: VIEWERS_SEC });
  } finally {
    bare.close();
  }
}

const rows: Row[] = [];
for (const mode of MODES) {
  console.log(`measuring ${mode}`);
  const network = mode === 'loss-out' ? { lossFraction: LOSS, delayMs: RTT_MS / 2 } : undefined;
  if (mode === 'viewers') rows.push(...(await measureViewers('viewers over IPv4', '127.0.0.1')));
  else if (mode === 'viewers-ipv6') rows.push(...(await measureViewers('viewers over IPv6', '::1')));
  else if (mode === 'av') rows.push(...(await measureLipSync()));
  else rows.push(await measureGlass(mode, network));
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
    'frames dropped': row.framesDropped,
    'packets lost, NACKs': row.nacks === undefined ? undefined : `${row.packetsLost}, ${row.nacks}`,
    'A/V offset ms': row.avOffsetMs?.join(' and '),
    viewers: row.viewers,
    'Mbit/s each': row.mbpsPerViewer,
    'packets/s each': row.packetsPerSecond,
    'bytes a packet': row.packetBytes,
    'packets lost': row.lost,
    'CPU % for them': row.cpuPercent,
    'viewers per core': row.viewersPerCore,
    range: row.viewersPerCoreRange?.join(' to '),
  })),
  {
    ...rows[0],
    viewersPerCore: rows.find((row) => row.viewersPerCore !== undefined)?.viewersPerCore,
    results: rows,
  },
);
process.exit(0);
