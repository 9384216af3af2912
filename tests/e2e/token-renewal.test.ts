import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { InProcessProduct } from '../support/in-process-product.ts';
import { pageScript } from '../support/page-script.ts';
import { type OwnStream, Person } from '../support/product.ts';
import { FfmpegPublisher, patternArgs } from '../support/publisher.ts';
import { waitFor } from '../support/wait-for.ts';

/** So short that three tokens are used up within the test. The setting itself begins at a minute. */
const TOKEN_LIFE_MS = 7000;

/** A page with our player on one private stream, as a host app would make one; figures and tokens are kept for the test. */
const PAGE = `
  import { AddressRenewal } from '@tallylight/client/player/address-renewal.ts';
  import { Player } from '@tallylight/client/player/player.ts';

  const run = async ({ streamId, token, renews, ultraLowLatency }) => {
    const fetchAddresses = async () => {
      const response = await fetch('/api/streams/' + streamId, { headers: { Authorization: 'Bearer ' + token } });
      const { streamUrl } = await response.json();
      const watchToken = /\\/hls\\/t\\/([^/]+)\\//.exec(streamUrl)[1];
      return { url: streamUrl, whepUrl: '/whep/' + streamId + '?token=' + watchToken };
    };
    const first = await fetchAddresses();
    const media = document.querySelector('video');
    const player = new Player({ ...first, media, ultraLowLatency });
    const seen = { tokens: [first.url], sources: 0, positions: [], renewedMs: [], stalledMs: [] };
    media.addEventListener('loadstart', () => { seen.sources += 1; });
    const renew = (addresses) => {
      seen.tokens.push(addresses.url);
      seen.renewedMs.push(performance.now());
      player.renew(addresses);
    };
    if (renews) new AddressRenewal({ player: { renew }, url: first.url, fetchAddresses });
    setInterval(() => { seen.positions.push(media.currentTime); }, 200);
    let stalls = 0;
    player.store.subscribe(({ stallCount }) => {
      if (stallCount > stalls) seen.stalledMs.push(performance.now());
      stalls = stallCount;
    });
    Object.assign(globalThis, { player, seen });
    player.play();
  };
  globalThis.run = run;
`;

/** What the page noted. */
interface Seen {
  readonly tokens: readonly string[];
  /** How often the media element was given something to load. */
  readonly sources: number;
  /** `currentTime`, five times a second. */
  readonly positions: readonly number[];
  /** When a new address came, and when the player ran dry. */
  readonly renewedMs: readonly number[];
  readonly stalledMs: readonly number[];
}

interface Shown {
  readonly status: string;
  readonly stallCount: number;
  readonly transport: string | undefined;
  readonly error: { readonly code: string } | undefined;
}

let product: InProcessProduct;
let script: string;
let person: Person;
let stream: OwnStream;
let publisher: FfmpegPublisher | undefined;
let browser: Awaited<ReturnType<typeof openChromium>>;

beforeAll(async () => {
  [product, browser, script] = await Promise.all([
    InProcessProduct.start({
      env: { LADDER: '144p:100k' },
      limits: (limits) => ({ ...limits, watching: { ...limits.watching, tokenLifeMs: TOKEN_LIFE_MS } }),
    }),
    openChromium(),
    pageScript(PAGE),
  ]);
  const { url, rtmpPort } = product;
  person = await Person.signUp(url, { name: 'Owner', email: 'o@example.org', password: 'a long password' });
  stream = await person.stream({ visibility: 'private' });
  const target = `rtmp://127.0.0.1:${rtmpPort}/live/${stream.streamKey}`;
  publisher = FfmpegPublisher.start(patternArgs(target, { size: '640x360', seconds: 300, bitrate: '600k' }));
  await waitFor('the stream to be live', async () => (await playlistOf()) !== undefined, 20_000);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await publisher?.stop('SIGKILL');
  await product?.stop();
});

/** The playlist's path with a token of now; undefined while the stream is not live. */
async function playlistOf(): Promise<string | undefined> {
  const { streamUrl, status } = await person.must('GET', `/api/streams/${stream.id}`);
  const live = status === 'live' && typeof streamUrl === 'string';
  return live && (await fetch(`${product.url}${streamUrl}`)).ok ? streamUrl : undefined;
}

/** Opens a page with a player on the stream, and notes what it fetched of it and was refused. */
async function watch(
  context: BrowserContext,
  options: { readonly renews: boolean; readonly ultraLowLatency?: boolean },
): Promise<{ page: Page; fetched: string[]; refused: string[] }> {
  const page = await context.newPage();
  const [fetched, refused]: [string[], string[]] = [[], []];
  page.on('response', (response) => {
    if (!/\/(?:hls|whep)\//.test(response.url())) return;
    (response.status() < 400 ? fetched : refused).push(response.url());
  });
  await page.route(`${product.url}/test-page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><video muted playsinline></video>' }),
  );
  await page.goto(`${product.url}/test-page`);
  await page.addScriptTag({ content: script });
  await page.evaluate(
    (given) => (globalThis as unknown as { run: (given: object) => Promise<void> }).run(given),
    { streamId: stream.id, token: person.token, ultraLowLatency: false, ...options },
  );
  await until(page, ({ status }) => status === 'playing');
  return { page, fetched, refused };
}

function shown(page: Page): Promise<Shown> {
  return page.evaluate(() =>
    (globalThis as unknown as { player: { store: { get(): Shown } } }).player.store.get(),
  );
}

function seen(page: Page): Promise<Seen> {
  return page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
}

function until(page: Page, accepts: (shown: Shown) => boolean, withinMs = 20_000): Promise<Shown> {
  const asked = async (): Promise<Shown | false> => {
    const state = await shown(page);
    return accepts(state) && state;
  };
  return waitFor('the player', asked, withinMs, 100);
}

// Only a stall, which a busy machine makes too, has a second chance.
describe('a private stream whose tokens end while it plays', {
  retry: { count: 1, condition: /^stalled/ },
}, () => {
  test('LL-HLS goes on by each new token: no stall, no jump, nothing loaded anew, and the old ones are refused', async () => {
    const { page, fetched, refused } = await watch(browser.context, { renews: true });
    await waitFor('three renewals', async () => (await seen(page)).tokens.length >= 4, 40_000, 200);
    const third = fetched.length;
    // Longer than the third token lives: what plays at the end came by the fourth.
    await new Promise((resolve) => setTimeout(resolve, TOKEN_LIFE_MS));
    const { tokens, sources, positions, renewedMs, stalledMs } = await seen(page);
    const after = await shown(page);
    expect(after).toMatchObject({ status: 'playing', transport: 'll-hls' });
    expect(stalledMs, `stalled, while tokens changed at ${String(renewedMs)}`).toEqual([]);
    expect(after.error).toBeUndefined();
    expect(sources).toBe(1);
    expect(refused).toEqual([]);
    const steps = positions.slice(1).map((position, index) => position - (positions[index] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    // Played in real time throughout, but for what catching up at the start adds.
    const playedSec = (positions.at(-1) ?? 0) - (positions.find((position) => position > 0) ?? 0);
    expect(playedSec).toBeGreaterThan((4 * TOKEN_LIFE_MS * 0.8) / 1000);
    // Each token was used for playlists and for parts.
    for (const token of tokens.slice(0, 4)) {
      const own = fetched.filter((each) => each.includes(folderOf(token)));
      expect(own.some((each) => each.includes('.m3u8'))).toBe(true);
      expect(own.some((each) => each.includes('.m4s'))).toBe(true);
    }
    expect(fetched.slice(third + 20).some((each) => each.includes(folderOf(tokens[0] ?? '')))).toBe(false);
    const [playlist = ''] = fetched.filter((each) => each.includes(folderOf(tokens[0] ?? '')));
    expect((await fetch(playlist)).status).toBe(403);
    await page.close();
  });

  test('without a renewal it is refused when the token ends', async () => {
    const { page, refused } = await watch(browser.context, { renews: false });
    const { error } = await until(page, (state) => state.error !== undefined, TOKEN_LIFE_MS + 10_000);
    expect(error?.code).toBe('FORBIDDEN');
    expect(refused.length).toBeGreaterThan(0);
    await page.close();
  });

  test('WebRTC needs none while it is connected, and uses the newest for the next connection', async () => {
    const { page } = await watch(browser.context, { renews: true, ultraLowLatency: true });
    await until(page, ({ transport }) => transport === 'whep');
    const { stallCount } = await shown(page);
    await waitFor('two renewals', async () => (await seen(page)).tokens.length >= 3, 30_000, 200);
    expect(await shown(page)).toMatchObject({ transport: 'whep', status: 'playing', stallCount });
    const asked = page.waitForRequest((request) => request.url().includes('/whep/'));
    await page.evaluate(() => {
      const { player } = globalThis as unknown as { player: { setUltraLowLatency(on: boolean): void } };
      player.setUltraLowLatency(false);
      player.setUltraLowLatency(true);
    });
    const { tokens } = await seen(page);
    const newest = /\/t\/([^/]+)\//.exec(tokens.at(-1) ?? '')?.[1] ?? '';
    expect((await asked).url()).toContain(encodeURIComponent(newest));
    await page.close();
  });
});

/** What a token stands in, of all that is fetched by it. */
function folderOf(playlist: string): string {
  return playlist.slice(0, playlist.lastIndexOf('/') + 1);
}
