import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { descendants } from '../support/process-tree.ts';
import { type OwnStream, type Person, Product } from '../support/product.ts';
import { FfmpegPublisher, patternArgs } from '../support/publisher.ts';
import { waitFor } from '../support/wait-for.ts';
import { WatchPage } from '../support/watch-page.ts';

const STOPPED_SEC = 30;

let product: Product;
let browser: Awaited<ReturnType<typeof openChromium>>;

beforeAll(async () => {
  [product, browser] = await Promise.all([Product.start(), openChromium()]);
});

afterAll(async () => {
  await browser.close();
  await product.stop();
});

/** PostgreSQL and its workers. */
function postgresPids(): number[] {
  return descendants(product.server.pid).flatMap(({ pid, name }) => (name === 'postgres' ? [pid] : []));
}

async function say(person: Person, stream: OwnStream, content: string): Promise<number> {
  const answer = await person.call('POST', `/api/streams/${stream.id}/chat`, {
    content,
    clientId: randomUUID(),
  });
  return answer.status;
}

describe('fault F3: the database stands still for 30 s', () => {
  test('video goes on without a stall, the API says 503 within 2 s, chat is not acknowledged, and nothing is lost', async () => {
    const owner = await product.signUp('Owner');
    const stream = await owner.stream();
    const publisher = FfmpegPublisher.start(patternArgs(`${product.server.rtmpUrl}/${stream.streamKey}`));
    const watch = await WatchPage.open(browser.context, `${product.server.url}/watch/${stream.id}`);
    expect(await say(owner, stream, 'before')).toBe(200);
    const pids = postgresPids();
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const playing = watch.play(STOPPED_SEC);
      const refused: { status: number; tookMs: number; retryAfter: number }[] = [];
      for (let at = 0; at < 5; at++) {
        const begunMs = performance.now();
        const answer = await owner.call('GET', `/api/streams/${stream.id}`);
        const tookMs = performance.now() - begunMs;
        refused.push({
          status: answer.status,
          tookMs,
          retryAfter: Number(answer.headers.get('retry-after')),
        });
        expect(await say(owner, stream, `during ${at}`)).toBe(503);
      }
      expect(refused.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
      for (const { tookMs, retryAfter } of refused) {
        expect(tookMs).toBeLessThan(2_000);
        expect(retryAfter).toBeGreaterThan(0);
        expect(retryAfter).toBeLessThanOrEqual(2);
      }
      expect((await playing).stalls).toBe(0);
      expect(publisher.running).toBe(true);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await product.ready(10_000);
    await waitFor('chat', async () => (await say(owner, stream, 'after')) === 200, 10_000, 500);
    const history = await owner.must('GET', `/api/streams/${stream.id}/chat`);
    const contents = (history as unknown as { content: string; seq: number }[]).map(({ content }) => content);
    expect(contents.filter((content) => content === 'before')).toHaveLength(1);
    expect(contents.filter((content) => content === 'after')).toHaveLength(1);
    expect((await owner.must('GET', `/api/streams/${stream.id}`))['status']).toBe('live');
    expect((await watch.play(2)).stalls).toBe(0);
    expect(watch.errors).toEqual([]);
    await publisher.stop();
  });
});
