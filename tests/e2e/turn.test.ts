import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { Coturn, hasCoturn } from '../support/coturn.ts';
import { requireAll } from '../support/newer-ffmpeg.ts';
import { StudioPage } from '../support/studio-page.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { WatchPage } from '../support/watch-page.ts';

const SECRET = 'a secret of the test';

const runs = hasCoturn() || requireAll;
if (!runs) console.log('skipped: turn.test.ts needs coturn (apt install coturn)');

/** The connections of a page, newest last. */
interface WithPeers {
  readonly peers: RTCPeerConnection[];
}

/** Every page is on a network that lets nothing through but TURN. */
function blockTheDirectWay(): void {
  const peers: RTCPeerConnection[] = [];
  Object.assign(globalThis, { peers });
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct: (target, [configuration]: [RTCConfiguration?]) => {
      const peer = new target({ ...configuration, iceTransportPolicy: 'relay' });
      peers.push(peer);
      return peer;
    },
  });
}

/** The kind of the candidate that the newest connection of the page sends from. */
function localCandidateType(page: Page): Promise<unknown> {
  return page.evaluate(async () => {
    const peer = (globalThis as unknown as WithPeers).peers.at(-1);
    const report = await peer?.getStats();
    const all: Record<string, unknown>[] = [...(report?.values() ?? [])];
    const transport = all.find(({ type }) => type === 'transport');
    const pair = all.find(({ id }) => id === transport?.['selectedCandidatePairId']);
    return all.find(({ id }) => id === pair?.['localCandidateId'])?.['candidateType'];
  });
}

/** What the network test page finds, row by row. */
async function networkTest(page: Page, server: Tallylight): Promise<string[]> {
  await page.goto(`${server.url}/network-test`);
  const again = page.getByRole('button', { name: 'Test again' });
  await waitFor('the results', () => again.isEnabled(), 40_000);
  return page.locator('.result p').allInnerTexts();
}

describe.skipIf(!runs)('where only TURN gets through, by coturn', () => {
  let coturn: Coturn;
  let server: Tallylight;
  let browser: Awaited<ReturnType<typeof openChromium>>;

  beforeAll(async () => {
    [coturn, browser] = await Promise.all([Coturn.start(SECRET), openChromium({ camera: 'fps=30' })]);
    await browser.context.addInitScript(blockTheDirectWay);
    await browser.context.addInitScript(() => localStorage.setItem('tallylight.ultra-low-latency', 'yes'));
    server = await Tallylight.start({
      env: { LADDER: 'off', TURN_URLS: coturn.url, TURN_SECRET: SECRET },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await coturn?.stop();
  });

  test('the network test says that TURN works and the direct way does not', async () => {
    const page = await browser.context.newPage();
    const [udp, turn] = await networkTest(page, server);
    expect(turn).toMatch(/^TURN works, (?:under 1|\d+) ms there and back\./);
    expect(udp).toBe(
      'UDP is blocked on the direct way. WebRTC works by way of TURN, with a little more delay.',
    );
    await page.close();
  });

  test('the studio publishes through it, and the watch page plays through it by WebRTC', async () => {
    const key = await server.addKey('show');
    const page = await browser.context.newPage();
    await StudioPage.goLive(page, server.url, key);
    expect(await localCandidateType(page)).toBe('relay');
    await waitFor('the stream', async () => (await fetch(server.playlistUrl('show'))).ok, 20_000);

    const watch = await WatchPage.open(browser.context, `${server.url}/watch/show`);
    const state = await watch.until(
      'WHEP through the relay',
      (now) => now.transport === 'whep' && now.status === 'playing' && now.connection !== undefined,
      20_000,
    );
    expect(state.connection?.relayed).toBe(true);
    expect(await localCandidateType(watch.page)).toBe('relay');
    expect((await watch.play(3)).frames).toBeGreaterThan(60);
    expect(watch.errors).toEqual([]);
    await watch.page.close();
    await page.close();
  });

  test('a server with another secret is told apart: the network test says what to check', async () => {
    const misled = await Tallylight.start({
      env: { LADDER: 'off', TURN_URLS: coturn.url, TURN_SECRET: 'another secret' },
    });
    try {
      const page = await browser.context.newPage();
      const [udp, turn] = await networkTest(page, misled);
      expect(turn).toBe(
        'The TURN server does not let us in. Check its address, its ports and its shared secret.',
      );
      expect(udp).toMatch(/^UDP does not reach this server\./);
      await page.close();
    } finally {
      await misled.stop();
    }
  });

  // libjuice takes Chromium's ICE tie-breaker of 0 on such a path for absent (libjuice #355). When this test fails because it connects, take
  // it out, and the warning in docs/guide/webrtc.md with it.
  test('TURN over TCP does not connect with Chromium yet: the relay answers, the server is not reached', async () => {
    const overTcp = await Tallylight.start({
      env: {
        LADDER: 'off',
        TURN_URLS: coturn.url.replace('transport=udp', 'transport=tcp'),
        TURN_SECRET: SECRET,
      },
    });
    try {
      const page = await browser.context.newPage();
      const [, turn] = await networkTest(page, overTcp);
      expect(turn).toMatch(/^The TURN server answers, but nothing comes back through it\./);
      await page.close();
    } finally {
      await overTcp.stop();
    }
  });
});
