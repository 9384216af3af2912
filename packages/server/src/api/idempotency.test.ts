import { defineRoute } from '@tallylight/protocol/route.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AnswerStore, Claim } from './idempotency.ts';
import { ApiServer, account, asActor } from './testing/api-server.ts';

const create = defineRoute({
  ...{ method: 'POST', path: '/api/things', operation: 'create', access: 'account', tag: 't', summary: 's' },
  body: z.object({ name: z.string() }),
  response: z.object({ count: z.number() }),
  status: 201,
  idempotent: true,
});

class MemoryAnswers implements AnswerStore {
  readonly #kept = new Map<string, { hash: string; claim: Claim }>();

  async claim({ userId, operation, key }: { userId: string; operation: string; key: string }, hash: string) {
    const id = JSON.stringify([userId, operation, key]);
    const before = this.#kept.get(id);
    if (before === undefined) {
      this.#kept.set(id, { hash, claim: 'under-way' });
      return 'claimed' as const;
    }
    return before.hash === hash ? before.claim : ('other-request' as const);
  }
  async keep({ userId, operation, key }: { userId: string; operation: string; key: string }, claim: Claim) {
    const entry = this.#kept.get(JSON.stringify([userId, operation, key]));
    if (entry !== undefined) entry.claim = claim;
  }
  async release({ userId, operation, key }: { userId: string; operation: string; key: string }) {
    this.#kept.delete(JSON.stringify([userId, operation, key]));
  }
}

let server: ApiServer;
let count = 0;
let failing = false;
let gate: Promise<void> = Promise.resolve();

async function start(): Promise<void> {
  count = 0;
  failing = false;
  server = await ApiServer.start(
    (api) =>
      api.on(create, async () => {
        await gate;
        if (failing) throw new Error('broken');
        return { count: ++count };
      }),
    { answers: new MemoryAnswers() },
  );
}
afterEach(() => server.close());

async function post(key: string | undefined, name = 'a', user = 'u') {
  const response = await fetch(`${server.url}/api/things`, {
    method: 'POST',
    body: JSON.stringify({ name }),
    headers: {
      ...asActor(account(user)),
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  });
  return [response.status, await response.json()];
}

describe('Idempotency-Key', () => {
  test('the same request twice is done once', async () => {
    await start();
    expect(await post('k')).toEqual([201, { count: 1 }]);
    expect(await post('k')).toEqual([201, { count: 1 }]);
    expect(await post(undefined)).toEqual([201, { count: 2 }]);
  });

  test('another body under the same key is refused, another person’s key is another key', async () => {
    await start();
    await post('k');
    expect(await post('k', 'b')).toMatchObject([409, { code: 'IDEMPOTENCY_MISMATCH' }]);
    expect(await post('k', 'b', 'someone else')).toEqual([201, { count: 2 }]);
  });

  test('two at once are done once', async () => {
    await start();
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const both = [post('k'), post('k')];
    opened.resolve();
    expect(await Promise.all(both)).toEqual([
      [201, { count: 1 }],
      [201, { count: 1 }],
    ]);
  });

  test('what failed may be tried again', async () => {
    await start();
    failing = true;
    expect(await post('k')).toMatchObject([500, {}]);
    failing = false;
    expect(await post('k')).toEqual([201, { count: 1 }]);
  });

  test.each([
    ['x'.repeat(128), 201],
    ['x'.repeat(129), 400],
    ['a b', 400],
  ])('key %# has 1 to 128 visible characters', async (key, status) => {
    await start();
    expect((await post(key))[0]).toBe(status);
  });
});
