/** `npm run bench:latency`: true glass to glass in headless Chromium, by the clock that the test card draws into its picture. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { openChromium } from '../tests/support/chromium.ts';
import { freePort } from '../tests/support/free-port.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { BenchCard } from './support/card.ts';
import { type GlassReading, glassScript, readGlass } from './support/glass.ts';
import { Nginx, nginxInstalled } from './support/nginx.ts';
import { median, option, percentile, report, round, seconds, wordOption } from './support/report.ts';
import { waitUntilListed } from './support/wait-until-listed.ts';

const STREAM = 'bench';
const SOURCE_WIDTH = 1280;
/** The headline is measured as long as the target asks; the others shorter, so that all end within 3 minutes. */
const HEADLINE = { settleSec: option('settle', 20), measureSec: option('seconds', 60) };
const OTHERS = { settleSec: option('other-settle', 8), measureSec: option('other-seconds', 10) };
const MODES = wordOption('modes', 'll-200,ll-333,ll-200-ladder,classic').split(',');
const RENDITION = wordOption('rendition', 'auto');

interface Row {
  readonly mode: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly stalls: number;
  readonly longestFreezeMs: number;
  readonly shown: number;
  readonly dropped: number;
  readonly illegible: number;
  /** Share of the pictures that were the source's own, not the 360p rung's. */
  readonly sourceShare: number;
  /** Medians of six equal spans of time, in order: whether it had settled. */
  readonly courseMs: readonly number[];
  /** Buffer that our player meant to keep when the next part comes, in the end; grows with jitter. */
  readonly troughMs?: number;
}

function row(mode: string, reading: GlassReading): Row {
  const { latenciesMs, widths } = reading;
  return {
    mode,
    p50Ms: round(percentile(latenciesMs, 0.5), 0),
    p95Ms: round(percentile(latenciesMs, 0.95), 0),
    maxMs: round(Math.max(...latenciesMs), 0),
    stalls: reading.stalls,
    longestFreezeMs: round(reading.longestFreezeMs, 0),
    shown: reading.shown,
    dropped: reading.dropped,
    illegible: reading.illegible,
    sourceShare: round(widths.filter((width) => width === SOURCE_WIDTH).length / widths.length),
    courseMs: [0, 1, 2, 3, 4, 5].map((sixth) => {
      const from = Math.floor((sixth * latenciesMs.length) / 6);
      return round(median(latenciesMs.slice(from, from + Math.ceil(latenciesMs.length / 6))), 0);
    }),
  };
}

/** The watch page of a server of ours, with parts of a length. */
async function measureWatchPage(context: BrowserContext, mode: string, partMs: number): Promise<Row> {
  const ladder = mode.endsWith('ladder') ? {} : { LADDER: '360p:400k' };
  const server = await Tallylight.start({ env: { PART_DURATION_MS: String(partMs), ...ladder } });
  const card = await BenchCard.publish([`${server.rtmpUrl}/${await server.addKey(STREAM)}`]);
  try {
    await waitUntilListed(server.playlistUrl(STREAM));
    const page = await context.newPage();
    await page.goto(`${server.url}/watch/${STREAM}`);
    if (RENDITION !== 'auto') await chooseRendition(page, RENDITION);
    const [reading] = await readGlass(page, mode === 'll-200' ? HEADLINE : OTHERS);
    const troughSec = await page.evaluate(() => window.tallylight?.player.store.get().targetTroughSec);
    await page.close();
    if (reading === undefined) throw new Error('the watch page has no video element');
    return { ...row(mode, reading), troughMs: round(1000 * (troughSec ?? Number.NaN), 0) };
  } finally {
    await card.close();
    await server.stop();
  }
}

/** hls.js as it comes, without low latency, on our origin; beside it, in the same page, on nginx-rtmp, where that is installed. */
async function measureClassic(context: BrowserContext): Promise<Row[]> {
  const server = await Tallylight.start({ env: { LADDER: '360p:400k' } });
  const [rtmpPort, httpPort] = [await freePort(), await freePort()];
  const nginx = nginxInstalled(true)
    ? await Nginx.start(
        `rtmp { server { listen 127.0.0.1:${rtmpPort}; application live { live on; hls on; hls_path {dir}/hls; hls_fragment 2s; hls_playlist_length 10s; } } }
         http { access_log off; server { listen 127.0.0.1:${httpPort}; root {dir}/hls; add_header Access-Control-Allow-Origin *; add_header Cache-Control no-cache; } }`,
        { rtmp: true },
      )
    : undefined;
  if (nginx === undefined)
    console.log('nginx with libnginx-mod-rtmp is not installed: no classic peer beside us');
  const publishUrls = [`${server.rtmpUrl}/${await server.addKey(STREAM)}`];
  const playlists = [server.playlistUrl(STREAM)];
  if (nginx !== undefined) {
    publishUrls.push(`rtmp://127.0.0.1:${rtmpPort}/live/${STREAM}`);
    playlists.push(`http://127.0.0.1:${httpPort}/${STREAM}.m3u8`);
  }
  const card = await BenchCard.publish(publishUrls);
  try {
    for (const playlist of playlists) await waitUntilListed(playlist);
    // Both windows must hold as much as a player wants to stay behind the edge.
    await seconds(8);
    const page = await context.newPage();
    // A real page of loopback: one that the test tool fulfils may not ask other ports of loopback.
    const pageServer = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end(classicPage(playlists));
    });
    const pagePort = await freePort();
    pageServer.listen(pagePort, '127.0.0.1');
    await page.goto(`http://127.0.0.1:${pagePort}/`);
    const readings = await readGlass(page, OTHERS);
    await page.close();
    pageServer.closeAllConnections();
    pageServer.close();
    return readings.map((reading, index) => row(index === 0 ? 'classic' : 'classic nginx-rtmp', reading));
  } finally {
    await card.close();
    await server.stop();
    await nginx?.stop();
  }
}

function classicPage(playlists: readonly string[]): string {
  const script = readFileSync(fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js')), 'utf8');
  const start = playlists.map((url) => `play(${JSON.stringify(url)});`).join('\n');
  return `<!doctype html><body><script>${script.replaceAll('</script', '<\\/script')}</script><script>
    function play(url) {
      const video = document.createElement('video');
      video.muted = true;
      video.width = 600;
      document.body.append(video);
      const hls = new Hls({ lowLatencyMode: false, testBandwidth: false });
      hls.loadSource(url);
      hls.attachMedia(video);
      void video.play();
    }
    ${start}</script>`;
}

async function chooseRendition(page: Page, id: string): Promise<void> {
  await page.waitForFunction(() => (window.tallylight?.player.store.get().renditions.length ?? 0) > 0);
  await page.evaluate((wanted) => {
    const player = window.tallylight?.player;
    const known = player?.store.get().renditions ?? [];
    const chosen = wanted === 'source' ? known[0] : known.find(({ height }) => `${height}p` === wanted);
    if (chosen !== undefined) player?.setRendition(chosen.id);
  }, id);
}

const browser = await openChromium();
await browser.context.addInitScript(glassScript);
const rows: Row[] = [];
try {
  for (const mode of MODES) {
    console.log(`measuring ${mode}`);
    if (mode === 'classic') rows.push(...(await measureClassic(browser.context)));
    else rows.push(await measureWatchPage(browser.context, mode, Number(/\d+/.exec(mode)?.[0])));
  }
} finally {
  await browser.close();
}
report(
  `Glass to glass, 720p30 zerolatency source, one 360p rung (rendition ${RENDITION}; ${MODES[0]}: ${HEADLINE.measureSec} s after ${HEADLINE.settleSec} s)`,
  rows.map((each) => ({
    mode: each.mode,
    'p50 ms': each.p50Ms,
    'p95 ms': each.p95Ms,
    'max ms': each.maxMs,
    stalls: each.stalls,
    'longest freeze ms': each.longestFreezeMs,
    pictures: each.shown,
    dropped: each.dropped,
    'source, not rung': `${round(100 * each.sourceShare, 0)} %`,
    'trough ms': each.troughMs,
    'course ms': each.courseMs.join(' '),
  })),
  { results: rows },
);
process.exit(0);
