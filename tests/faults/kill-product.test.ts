import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';
import { BusyProduct, killProduct } from './kill-product.ts';

/** An idle machine with two cores is ready after 3 s and has media after 6.5 s, at the encoder's second try; the goals are 5 s and 10 s. */
const READY_MS = 10_000;
const MEDIA_MS = 15_000;

let busy: BusyProduct | undefined;

beforeEach(async () => {
  busy = await BusyProduct.start();
});

afterEach(async () => {
  await busy?.leave();
  await busy?.product.stop();
});

function theBusy(): BusyProduct {
  if (busy === undefined) throw new Error('not started');
  return busy;
}

describe('fault F1: SIGKILL of the whole product while an encoder publishes and a viewer chats', () => {
  test('twice: ready and back on air soon under the same address, still live, the chat complete, nothing left behind', async () => {
    const product = theBusy();
    for (let kills = 0; kills < 2; kills += 1) {
      const saidBefore = product.acked.length;
      const kill = await killProduct(product);
      process.stdout.write(`${JSON.stringify(kill)}\n`);
      expect(kill.readyMs).toBeLessThan(READY_MS);
      expect(kill.mediaMs).toBeLessThan(MEDIA_MS);
      expect(kill.msnAfter).toBeGreaterThan(kill.msnBefore);
      expect(kill.statuses).toEqual(['live', 'live']);
      expect(kill.orphans).toBe(0);
      await waitFor('the viewer to chat on', () => product.acked.length > saidBefore + 2, 20_000);
    }
    await product.quiet();
    const history = await product.history();
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
    expect(history.map(({ content }) => content)).toEqual(product.acked);
    expect(product.chat.snapshot.messages.map(({ content }) => content)).toEqual(product.acked);
    const children = product.children();
    expect(product.postgres().length).toBeGreaterThan(0);
    await product.product.server.signal('SIGTERM');
    expect(product.postgres()).toEqual([]);
    expect(children.filter(isAlive)).toEqual([]);
  });
});

describe('fault F12: SIGTERM of the whole product while an encoder publishes and a viewer chats', () => {
  test('it ends with 0 within 10 s and leaves nothing behind; the next start finds everything', async () => {
    const product = theBusy();
    const children = product.children();
    const startedMs = performance.now();
    expect(await product.product.server.signal('SIGTERM')).toBe(0);
    const tookMs = performance.now() - startedMs;
    process.stdout.write(`stopped in ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(10_000);
    expect(product.postgres()).toEqual([]);
    expect(children.filter(isAlive)).toEqual([]);
    const said = product.acked.length;
    await product.product.server.launch();
    await product.product.ready();
    await waitFor('the viewer to chat on', () => product.acked.length > said + 2, 20_000);
    await product.quiet();
    expect((await product.history()).map(({ content }) => content)).toEqual(product.acked);
    expect(await product.status()).toBe('live');
  });
});
