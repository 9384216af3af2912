import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from '../../db/testing/test-database.ts';
import { AnswerRepository } from './answer-repository.ts';

let test1: TestDatabase;
let answers: AnswerRepository;
const userId = v7();

beforeAll(async () => {
  test1 = await TestDatabase.create();
  await test1.database.asService((tx) =>
    tx.insertInto('users').values({ id: userId, username: 'u' }).execute(),
  );
  answers = new AnswerRepository(test1.database);
});
afterAll(() => test1.drop());

const claimed = { createdId: expect.any(String) as string };
const key = (name: string) => ({ userId, operation: 'createStream', key: name });

/** Moves a claim into the past. */
async function age(name: string, seconds: number): Promise<void> {
  await test1.database.asService((tx) =>
    tx
      .updateTable('nchat_live_idempotency')
      .set({ created_at: new Date(Date.now() - seconds * 1000) })
      .where('key', '=', name)
      .execute(),
  );
}

describe('AnswerRepository', () => {
  test('an answer is kept, also for a server that starts later', async () => {
    expect(await answers.claim(key('a'), 'hash')).toEqual(claimed);
    expect(await answers.claim(key('a'), 'hash')).toBe('under-way');
    await answers.keep(key('a'), { status: 201, body: { id: 'x' } });
    expect(await new AnswerRepository(test1.database).claim(key('a'), 'hash')).toEqual({
      status: 201,
      body: { id: 'x' },
    });
    expect(await answers.claim(key('a'), 'another')).toBe('other-request');
  });

  test('of twenty at once one is claimed', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => answers.claim(key('b'), 'hash')));
    expect(claims.filter((claim) => typeof claim === 'object')).toHaveLength(1);
    expect(claims.filter((claim) => claim === 'under-way')).toHaveLength(19);
  });

  test('what failed can be claimed again, what is done is not given back', async () => {
    await answers.claim(key('c'), 'hash');
    await answers.release(key('c'));
    expect(await answers.claim(key('c'), 'hash')).toEqual(claimed);
    await answers.keep(key('c'), { status: 200, body: null });
    await answers.release(key('c'));
    expect(await answers.claim(key('c'), 'hash')).toEqual({ status: 200, body: null });
  });

  test('a claim of a server that was killed is taken over after a minute, and makes what that one made', async () => {
    const first = await answers.claim(key('d'), 'hash');
    expect(first).toEqual(claimed);
    await age('d', 50);
    expect(await answers.claim(key('d'), 'hash')).toBe('under-way');
    await age('d', 61);
    expect(await answers.claim(key('d'), 'another')).toBe('other-request');
    expect(await answers.claim(key('d'), 'hash')).toEqual(first);
  });

  test('answers are forgotten after a day', async () => {
    const first = await answers.claim(key('e'), 'hash');
    await answers.keep(key('e'), { status: 200, body: 1 });
    await age('e', 23.9 * 3600);
    expect(await answers.claim(key('e'), 'hash')).toEqual({ status: 200, body: 1 });
    await age('e', 24.1 * 3600);
    const later = await answers.claim(key('e'), 'other');
    expect(later).toEqual(claimed);
    expect(later).not.toEqual(first);
    await age('e', 24.1 * 3600);
    expect(await answers.prune()).toBe(1);
    expect(await answers.claim(key('e'), 'other')).toEqual(claimed);
  });
});
