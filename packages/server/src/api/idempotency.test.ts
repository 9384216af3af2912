import { liveError } from '@tallylight/protocol/errors.ts';
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
  #made = 0;
  isAway = false;

  async claim({ userId, operation, key }: { userId: string; operation: string; key: string }, hash: string) {
    const id = JSON.stringify([userId, operation, key]);
    const before = this.#kept.get(id);
    if (before === undefined) {
      this.#kept.set(id, { hash, claim: 'under-way' });
      this.#made++;
      return { createdId: `made ${this.#made}` };
    }
    return before.hash === hash ? before.claim : ('other-request' as const);
  }
  async keep({ userId, operation, key }: { userId: string; operation: string; key: string }, claim: Claim) {
    this.#refuseAway();
    const entry = this.#kept.get(JSON.stringify([userId, operation, key]));
    if (entry !== undefined) entry.claim = claim;
  }
  async release({ userId, operation, key }: { userId: string; operation: string; key: string }) {
    this.#refuseAway();
    this.#kept.delete(JSON.stringify([userId, operation, key]));
  }
  #refuseAway(): void {
    if (this.isAway) throw liveError('UNAVAILABLE', 'the database is away');
  }
}

let server: ApiServer;
let count = 0;
let failing: Error | undefined;
let answers: MemoryAnswers;
/** Ids that the handler was to make. */
let made: unknown[] = [];
let gate: Promise<void> = Promise.resolve();

async function start(): Promise<void> {
  count = 0;
  failing = undefined;
  made = [];
  answers = new MemoryAnswers();
  server = await ApiServer.start(
    (api) =>
      api.on(create, async ({ createdId }) => {
        await gate;
        made.push(createdId);
        if (failing !== undefined) throw failing;
        return { count: ++count };
      }),
    { answers },
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
    failing = liveError('CONFLICT', 'too many');
    expect(await post('k')).toMatchObject([409, {}]);
    failing = undefined;
    expect(await post('k')).toEqual([201, { count: 1 }]);
    expect(new Set(made).size).toBe(2);
  });

  test.each([
    ['the database went away', liveError('UNAVAILABLE', 'nobody knows'), 503],
    ['of a bug', new Error('broken'), 500],
  ])(
    'what may be done though it failed as %s is to make the same when it is run again',
    async (_, error, status) => {
      await start();
      failing = error;
      answers.isAway = true;
      expect(await post('k')).toMatchObject([status, {}]);
      failing = undefined;
      answers.isAway = false;
      expect(await post('k', 'b')).toMatchObject([409, { code: 'IDEMPOTENCY_MISMATCH' }]);
      expect(await post('k')).toEqual([201, { count: 1 }]);
      expect(await post('k')).toEqual([201, { count: 1 }]);
      expect(made).toEqual(['made 1', 'made 1']);
    },
  );

  test('an answer that cannot be kept is given, and the same is made again', async () => {
    await start();
    answers.isAway = true;
    expect(await post('k')).toEqual([201, { count: 1 }]);
    answers.isAway = false;
    expect((await post('k'))[0]).toBe(201);
    expect(made).toEqual(['made 1', 'made 1']);
  });

  test('a refusal is told as it is, also when the key cannot be given back', async () => {
    await start();
    answers.isAway = true;
    failing = liveError('CONFLICT', 'too many');
    expect(await post('k')).toMatchObject([409, { code: 'CONFLICT', message: 'too many' }]);
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
