import type { StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { expect, test, vi } from 'vitest';
import type { Database } from '../../db/database.ts';
import { silentLogger } from '../../platform/logger.ts';
import { ReactionWriter } from './reaction-writer.ts';

test('what comes after a write that took longer than the pause is written too', async () => {
  let finish = (): void => {};
  const asService = vi
    .fn(async (): Promise<void> => {})
    .mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
  const writer = new ReactionWriter({
    database: { asService } as unknown as Database,
    log: silentLogger,
    limits: { flushMs: 5, batchRows: 10, waiting: 100 },
  });
  const reaction = {} as StreamReaction;
  writer.add(reaction);
  await vi.waitFor(() => expect(asService).toHaveBeenCalledTimes(1));
  writer.add(reaction);
  // The timer of the second one fires while the first is being written.
  await new Promise((resolve) => setTimeout(resolve, 30));
  finish();
  await vi.waitFor(() => expect(writer.waiting).toBe(0));
  writer.add(reaction);
  await vi.waitFor(() => expect(writer.waiting).toBe(0));
  expect(asService).toHaveBeenCalledTimes(3);
});
