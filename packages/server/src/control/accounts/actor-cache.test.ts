import { expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { ActorCache } from './actor-cache.ts';

const clock = { now: () => 0, monotonicMs: () => 0 };

/** Asks a cache of so many entries for these keys, one after the other; answers with the keys that had to be looked up. */
async function lookedUp(maxEntries: number, keys: readonly string[]): Promise<readonly string[]> {
  const cache = new ActorCache(clock, maxEntries);
  const asked: string[] = [];
  for (const key of keys)
    await cache.of(key, async () => {
      asked.push(key);
      return { ...NOBODY, userId: key };
    });
  return asked;
}

test('as many as may be remembered are; for one more the oldest is forgotten, and only that one', async () => {
  expect(await lookedUp(2, ['a', 'b', 'a', 'b'])).toEqual(['a', 'b']);
  expect(await lookedUp(2, ['a', 'b', 'c', 'b', 'c', 'a'])).toEqual(['a', 'b', 'c', 'a']);
});

test('nobody is not remembered: guesses push nobody out', async () => {
  const cache = new ActorCache(clock, 1);
  const anna = { ...NOBODY, userId: 'anna' };
  await cache.of('anna', async () => anna);
  for (const guess of ['x', 'y']) await cache.of(guess, async () => NOBODY);
  const again = await cache.of('anna', () => Promise.reject(new Error('forgotten')));
  expect(again).toBe(anna);
});
