import { expect, test } from 'vitest';
import { SignInQueue } from './sign-in-queue.ts';

test('a few at a time, in order, and a place is given on also after a failure', async () => {
  const queue = new SignInQueue({ atOnce: 2, waiting: 18 });
  const done: number[] = [];
  let inside = 0;
  let most = 0;
  const all = Array.from({ length: 20 }, (_, index) =>
    queue.enter(async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      done.push(index);
      if (index % 3 === 0) throw new Error('refused');
    }),
  );
  const outcomes = await Promise.allSettled(all);
  expect(most).toBe(2);
  expect(done).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  await expect(queue.enter(async () => 'next')).resolves.toBe('next');
});

test('as many as may wait do, one more is refused', async () => {
  const queue = new SignInQueue({ atOnce: 1, waiting: 2 });
  let leave = (): void => {};
  const first = queue.enter(
    () =>
      new Promise<void>((resolve) => {
        leave = resolve;
      }),
  );
  const others = [queue.enter(async () => {}), queue.enter(async () => {})];
  await expect(queue.enter(async () => {})).rejects.toThrow('too many are signing in');
  leave();
  await Promise.all([first, ...others]);
});
