import { expect, test } from 'vitest';
import { Turnstile } from './turnstile.ts';

test('n pass at a time, one more waits; all come through in their order, also after one that fails', async () => {
  const turnstile = new Turnstile(2);
  const gates: (() => void)[] = [];
  const inside: number[] = [];
  const passes = Array.from({ length: 5 }, (_, index) =>
    turnstile.pass(async () => {
      inside.push(index);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (index === 1) throw new Error('fell');
      return index;
    }),
  );
  const results = Promise.allSettled(passes);
  for (let done = 0; done < 5; done++) {
    await new Promise(setImmediate);
    expect(inside).toHaveLength(Math.min(5, done + 2));
    gates[done]?.();
  }
  expect(inside).toEqual([0, 1, 2, 3, 4]);
  expect((await results).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
});
