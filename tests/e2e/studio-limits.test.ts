import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { InProcessProduct } from '../support/in-process-product.ts';
import { pageScript } from '../support/page-script.ts';
import { type OwnStream, Person } from '../support/product.ts';
import { waitFor } from '../support/wait-for.ts';

/** A page with our broadcaster on one stream, as a host app would make one. Every bound that the picture's encoder was given is noted. */
const PAGE = `
  import { StreamClient } from '@tallylight/client/broadcast/stream-client.ts';

  globalThis.bounds = [];
  const setParameters = RTCRtpSender.prototype.setParameters;
  RTCRtpSender.prototype.setParameters = function (parameters) {
    if (this.track?.kind === 'video') globalThis.bounds.push(parameters.encodings[0]);
    return setParameters.call(this, parameters);
  };
  globalThis.open = (config) => {
    globalThis.client = new StreamClient({ userId: '', ingestUrl: '/whip', ...config });
  };
`;

interface PageParts {
  readonly client: { store: { get(): BroadcastState }; startBroadcast(quality: string): Promise<unknown> };
  readonly bounds: readonly RTCRtpEncodingParameters[];
  readonly open: (config: object) => void;
}

let product: InProcessProduct;
let browser: Awaited<ReturnType<typeof openChromium>>;
let script: string;
let person: Person;

beforeAll(async () => {
  [product, browser, script] = await Promise.all([
    InProcessProduct.start({ env: { LADDER: '144p:100k' } }),
    openChromium({ camera: 'fps=30' }),
    pageScript(PAGE),
  ]);
  const { url } = product;
  person = await Person.signUp(url, { name: 'Owner', email: 'o@example.org', password: 'a long password' });
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

async function goLive(stream: OwnStream): Promise<Page> {
  const page = await browser.context.newPage();
  await page.route(`${product.url}/test-page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  await page.goto(`${product.url}/test-page`);
  await page.addScriptTag({ content: script });
  await page.evaluate(async (streamKey) => {
    const parts = globalThis as unknown as PageParts;
    // Only the key is known: what the stream allows is learned once it is live.
    parts.open({ streamId: '', streamKey });
    await parts.client.startBroadcast('1080p');
  }, stream.streamKey);
  return page;
}

interface Sent {
  readonly status: string;
  readonly quality: string;
  readonly figures:
    | { readonly height: number; readonly framesPerSecond: number; readonly bps: number }
    | undefined;
  readonly warnings: readonly string[];
  readonly bounds: readonly { readonly maxBitrate?: number; readonly maxFramerate?: number }[];
}

function sent(page: Page): Promise<Sent> {
  return page.evaluate(() => {
    const { client, bounds } = globalThis as unknown as PageParts;
    const { status, quality, figures, server } = client.store.get();
    return {
      ...{ status, quality },
      figures: figures && {
        height: figures.height,
        framesPerSecond: figures.framesPerSecond,
        bps: figures.videoBitrateBps + figures.audioBitrateBps,
      },
      warnings: (server?.warnings ?? []).map(({ code }) => code),
      bounds: bounds.map(({ maxBitrate, maxFramerate }) => ({
        ...(maxBitrate !== undefined && { maxBitrate }),
        ...(maxFramerate !== undefined && { maxFramerate }),
      })),
    };
  });
}

describe('a studio that knows only its key, on a stream with limits below its quality', () => {
  test('goes below them by itself, without a new connection, and the server has nothing to say', async () => {
    const stream = await person.stream({ bitrateKbps: 800, maxResolution: '480p', fps: 15 });
    const page = await goLive(stream);
    const settled = await waitFor(
      'the studio to be within the limits',
      async () => {
        const now = await sent(page);
        const { figures } = now;
        const within = figures !== undefined && figures.height <= 480 && figures.framesPerSecond < 17;
        return within && figures.bps < 900_000 && now.quality === '480p' && now;
      },
      20_000,
      200,
    );
    expect(settled.bounds.at(-1)).toEqual({ maxBitrate: 672_000, maxFramerate: 15 });
    // Longer than the server takes to cut whoever sends too much, and its own averages last.
    await new Promise((resolve) => setTimeout(resolve, 8000));
    const later = await sent(page);
    expect(later).toMatchObject({ status: 'live', quality: '480p', warnings: [] });
    expect(later.figures?.bps).toBeLessThan(900_000);
    const health = await fetch(`${product.url}/api/streams/${stream.id}/health`);
    expect(await health.json()).toMatchObject({
      limits: { maxBitrateBps: 800_000, maxShortSide: 480, maxFrameRate: 15 },
      health: { warnings: [] },
    });
    await page.close();
  });
});
