import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freeUdpPort } from '../../../../../tests/support/free-port.ts';
import { pageScript } from '../../../../../tests/support/page-script.ts';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import { HttpServer } from '../../http/server.ts';
import { ChildProcesses } from '../../platform/child-process.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { RtcWorker } from '../../rtc-worker/rtc-worker.ts';
import { acceptAnswer, offerOf, PublishingBrowser } from '../../rtc-worker/testing/publishing-browser.ts';
import { KeyFailures } from '../key-failures.ts';
import { PublisherDoor } from '../publisher-door.ts';
import { FakePublishTarget, type Publication } from '../rtmp/testing/fake-publish-target.ts';
import { FakeKeys, iceServers } from './testing/whip-harness.ts';
import { WhipEndpoint } from './whip-endpoint.ts';

const KEY = 'live_key-of-one';

/** What a page got for its offer. */
interface Posted {
  readonly status: number;
  readonly location: string;
  readonly etag: string;
  readonly link: string;
  readonly retryAfter: string;
  readonly body: string;
}

/** Leaves the foreign client's class in `window.foreign`. */
const FOREIGN_CLIENT = "import { WHIPClient } from '@eyevinn/whip-web-client'; window.foreign = WHIPClient;";

describe('WHIP with a browser and the real worker', () => {
  let browser: PublishingBrowser;
  let worker: RtcWorker;
  let children: ChildProcesses;
  let target: FakePublishTarget;
  let endpoint: WhipEndpoint;
  let server: HttpServer;
  let url: string;

  beforeAll(async () => {
    browser = await PublishingBrowser.open();
    children = new ChildProcesses({ maxChildren: 2 });
    worker = new RtcWorker({
      clock: systemClock,
      log: silentLogger,
      children,
      port: await freeUdpPort(),
      advertisedAddresses: ['127.0.0.1'],
    });
    await worker.start();
  });
  afterAll(async () => {
    await browser.close();
    await worker.close();
    await children.close();
  });

  beforeEach(async () => {
    target = new FakePublishTarget();
    const limits = { maxKeyFailuresPerMinute: 10, keyFailurePauseMs: 60_000 };
    endpoint = new WhipEndpoint({
      gateway: worker,
      target,
      door: new PublisherDoor({
        authorizer: new FakeKeys(),
        keyFailures: new KeyFailures(limits),
        clock: systemClock,
      }),
      iceServers: { iceServers: () => [], linkHeaders: () => iceServers.linkHeaders() },
      clock: systemClock,
      log: silentLogger,
      clientAddress: () => '127.0.0.1',
    });
    server = new HttpServer({
      host: '127.0.0.1',
      httpPort: 0,
      handlers: [endpoint],
      log: silentLogger,
      limits: { closeGraceMs: 200 },
    });
    url = `http://127.0.0.1:${(await server.listen()).httpPort}`;
  });
  afterEach(() => server.close());

  /** Posts the page's offer, from the page: another origin than the server's. */
  function post(page: Page, offer: string): Promise<Posted> {
    return page.evaluate(
      async ({ url, key, offer }) => {
        const answer = await fetch(`${url}/whip`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/sdp' },
          body: offer,
        });
        const header = (name: string): string => answer.headers.get(name) ?? '';
        return {
          status: answer.status,
          location: header('Location'),
          etag: header('ETag'),
          link: header('Link'),
          retryAfter: header('Retry-After'),
          body: await answer.text(),
        };
      },
      { url, key: KEY, offer },
    );
  }

  async function publish(page: Page): Promise<Posted> {
    const posted = await post(page, await offerOf(page, { codec: 'H264', width: 640, height: 360 }));
    expect(posted.status, posted.body).toBe(201);
    await acceptAnswer(page, posted.body);
    return posted;
  }

  /** Tries again as the answers say, for at most `withinMs`. */
  async function publishAgain(page: Page, withinMs: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    const deadline = performance.now() + withinMs;
    const offer = await offerOf(page, { codec: 'H264', width: 640, height: 360 });
    while (performance.now() < deadline) {
      const posted = await post(page, offer);
      statuses.push(posted.status);
      if (posted.status === 201) {
        await acceptAnswer(page, posted.body);
        return statuses;
      }
      expect(Number(posted.retryAfter)).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, Number(posted.retryAfter) * 1000));
    }
    throw new Error(`not taken within ${withinMs} ms: ${statuses.join(' ')}`);
  }

  const pictures = (publication: Publication | undefined): number =>
    publication?.units.filter(({ kind }) => kind === 'video').length ?? 0;

  const flows = (at: number, count = 10): Promise<unknown> =>
    waitFor(
      `${count} pictures of publication ${at}`,
      () => pictures(target.publications[at]) >= count,
      10_000,
    );

  test('a page of another origin publishes, trickles, and stops', async () => {
    const page = await browser.newPage();
    const posted = await publish(page);
    expect(posted.location).toMatch(/^\/whip\/[0-9a-f]{32}$/);
    expect(posted.link).toContain('</watch/one>; rel="alternate"');
    await flows(0);
    const [publication] = target.publications;
    expect(publication?.tracks.map(({ kind, codec }) => `${kind} ${codec}`).toSorted()).toEqual([
      'audio opus',
      'video h264',
    ]);
    expect(publication?.expected).toEqual({ video: true, audio: true });
    expect(publication?.units.find(({ kind }) => kind === 'video')?.keyframe).toBe(true);
    expect(publication?.silentForMs()).toBeLessThan(500);
    await waitFor('a report', () => (publication?.health?.bitrateBps ?? 0) > 0);
    expect(publication?.health?.warnings).toEqual([]);

    const statuses = await page.evaluate(
      async ({ session, key, etag }) => {
        const send = async (
          method: string,
          headers: Record<string, string>,
          body?: string,
        ): Promise<number> => {
          const answer = await fetch(session, {
            method,
            headers: { Authorization: `Bearer ${key}`, ...headers },
            ...(body === undefined ? {} : { body }),
          });
          return answer.status;
        };
        const type = { 'Content-Type': 'application/trickle-ice-sdpfrag' };
        return [
          await send('PATCH', { ...type, 'If-Match': etag }, 'a=end-of-candidates\r\n'),
          await send('PATCH', type, 'a=end-of-candidates\r\n'),
          await send('DELETE', {}),
        ];
      },
      { session: url + posted.location, key: KEY, etag: posted.etag },
    );
    expect(statuses).toEqual([204, 428, 200]);
    expect([publication?.ended, endpoint.size]).toEqual(['unpublished', 0]);
    await page.close();
  });

  test('a page loaded anew is told to wait, then has its stream back', async () => {
    const page = await browser.newPage();
    await publish(page);
    await flows(0);
    await page.reload();
    const statuses = await publishAgain(page, 8000);
    // What the old page's connection said when it closed may have come first: then there is nobody to wait for.
    expect([...new Set(statuses)].every((status) => status === 409 || status === 201)).toBe(true);
    await flows(1);
    expect(target.publications[0]?.ended).toMatch(/^(?:taken-over|connection-lost)$/);
    await page.close();
  });

  test('after a page that crashed without a word, the stream is busy until it was silent for 1.5 s', async () => {
    const page = await browser.newPage();
    await publish(page);
    await flows(0);
    await page.goto('chrome://crash').catch(() => {});
    const next = await browser.newPage();
    const statuses = await publishAgain(next, 8000);
    expect([statuses[0], statuses.at(-1)]).toEqual([409, 201]);
    await flows(1);
    expect(target.publications[0]?.ended).toBe('taken-over');
    await next.close();
    await page.close();
  });

  test('an evicted publisher’s connection is closed', async () => {
    const page = await browser.newPage();
    await publish(page);
    await flows(0);
    target.publications[0]?.evict('revoked');
    expect([target.publications[0]?.ended, endpoint.size]).toEqual(['revoked', 0]);
    await waitFor(
      'the browser to notice',
      () =>
        page.evaluate(() => {
          const { publisher } = window as unknown as { publisher: RTCPeerConnection };
          return publisher.connectionState !== 'connected';
        }),
      10_000,
    );
    await page.close();
  });

  test('a worker killed with SIGKILL: connection lost, 503 until it is back, published again within 5 s', async () => {
    const page = await browser.newPage();
    await publish(page);
    await flows(0);
    const killedMs = performance.now();
    process.kill(worker.pid ?? 0, 'SIGKILL');
    await waitFor('the loss', () => target.publications[0]?.ended === 'connection-lost');
    await publishAgain(page, 5000);
    await flows(1);
    expect(performance.now() - killedMs).toBeLessThan(5000);
    await page.close();
  });

  test('the foreign client @eyevinn/whip-web-client publishes, trickles and stops', async () => {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.addScriptTag({ content: await pageScript(FOREIGN_CLIENT) });
    await page.evaluate(
      async ({ endpoint, key }) => {
        interface Client {
          setIceServersFromEndpoint(): Promise<void>;
          ingest(media: MediaStream): Promise<void>;
          getResourceUrl(): Promise<string>;
          getICEConnectionState(): string;
          destroy(): Promise<void>;
        }
        const page = window as unknown as { foreign: new (options: object) => Client; client: Client };
        page.client = new page.foreign({ endpoint, opts: { authkey: key, debug: true, iceServers: [] } });
        await page.client.setIceServersFromEndpoint();
        const media = await navigator.mediaDevices.getUserMedia({
          audio: true,
          video: { width: 640, height: 360 },
        });
        await page.client.ingest(media);
      },
      { endpoint: `${url}/whip`, key: KEY },
    );
    await flows(0);
    await page.evaluate(() =>
      (window as unknown as { client: { destroy(): Promise<void> } }).client.destroy(),
    );
    await waitFor('the end', () => target.publications[0]?.ended === 'unpublished');
    expect(problems).toEqual([]);
    await page.close();
  });
});
