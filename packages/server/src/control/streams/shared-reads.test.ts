import { expect, test } from 'vitest';
import { SharedReads } from './shared-reads.ts';

/** Reads that end when a test says so. */
class Reads {
  readonly begun: PromiseWithResolvers<number>[] = [];
  readonly shared = new SharedReads<number>();

  ask(key = 'a'): Promise<number> {
    return this.shared.read(key, () => {
      const read = Promise.withResolvers<number>();
      this.begun.push(read);
      return read.promise;
    });
  }
}

/** Until reads that may begin have begun. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

test('who asks before a read begins gets it, who asks after that gets the next one', async () => {
  const reads = new Reads();
  const first = [reads.ask(), reads.ask()];
  await turn();
  const later = [reads.ask(), reads.ask()];
  await turn();
  expect(reads.begun).toHaveLength(1);
  reads.begun[0]?.resolve(1);
  expect(await Promise.all(first)).toEqual([1, 1]);
  await turn();
  expect(reads.begun).toHaveLength(2);
  reads.begun[1]?.resolve(2);
  expect(await Promise.all(later)).toEqual([2, 2]);
});

test('nothing is kept: each that is asked for alone is read anew', async () => {
  const reads = new Reads();
  for (const answer of [1, 2, 3]) {
    const asked = reads.ask();
    await turn();
    reads.begun.at(-1)?.resolve(answer);
    expect(await asked).toBe(answer);
  }
});

test('another key is another read', async () => {
  const reads = new Reads();
  const [a, b] = [reads.ask('a'), reads.ask('b')];
  await turn();
  reads.begun[0]?.resolve(1);
  reads.begun[1]?.resolve(2);
  expect(await Promise.all([a, b])).toEqual([1, 2]);
});

test('a read that fails fails for those who share it, and not for the next', async () => {
  const reads = new Reads();
  const asked = Promise.allSettled([reads.ask(), reads.ask()]);
  await turn();
  const next = reads.ask();
  reads.begun[0]?.reject(new Error('away'));
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  reads.begun[1]?.resolve(2);
  expect(await next).toBe(2);
});

test('a read that hangs does not keep the next one from beginning', async () => {
  const reads = new Reads();
  void reads.ask();
  await turn();
  const next = reads.ask();
  await expect.poll(() => reads.begun.length).toBe(2);
  reads.begun[1]?.resolve(2);
  expect(await next).toBe(2);
});
