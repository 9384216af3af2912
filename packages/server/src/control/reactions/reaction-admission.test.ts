import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import { HandClock } from '../chat/testing/chat-stage.ts';
import { ControlEvents } from '../control-events.ts';
import { ReactionAdmission } from './reaction-admission.ts';

test('as many as may be remembered are; with one more all is asked again', async () => {
  const row = { status: 'live', enableReactions: true };
  // One is asked about at a time.
  const database = { asService: () => Promise.resolve([row]) } as unknown as Database;
  const admission = new ReactionAdmission({
    ...{
      database,
      events: new ControlEvents(),
      clock: new HandClock(),
      ttlMs: 15_000,
      maxEntries: 3,
      maxAsking: 10,
    },
  });
  const streamId = v7();
  const ask = (userId: string) => admission.ask(NOBODY, userId, streamId);
  const known = () =>
    ['ann', 'bob', 'cid', 'dan'].filter((each) => admission.known(each, streamId) !== undefined);
  for (const userId of ['ann', 'bob', 'cid']) await ask(userId);
  expect(known()).toEqual(['ann', 'bob', 'cid']);
  await ask('dan');
  expect(known()).toEqual(['dan']);
  admission.close();
});
