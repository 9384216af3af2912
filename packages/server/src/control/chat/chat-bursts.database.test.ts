import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestDatabase } from '../../db/testing/test-database.ts';
import { ChatStage } from './testing/chat-stage.ts';

let postgres: TestDatabase;
let stage: ChatStage;

beforeAll(async () => {
  postgres = await TestDatabase.create();
  stage = await ChatStage.create(postgres.database, {
    limits: { userPerSec: 10_000, userBurst: 10_000, roomPerSec: 10_000 },
  });
});
afterAll(async () => {
  await stage.close();
  await postgres.drop();
});

/** What becomes of messages that are sent in one tick, without waiting for one another: refusals by their code. */
async function atOnce(person: Awaited<ReturnType<ChatStage['person']>>, streamId: string, texts: string[]) {
  const outcomes = await Promise.allSettled(
    texts.map((content) => stage.chat.send(person, { streamId, content })),
  );
  return outcomes
    .map((outcome) => (outcome.status === 'fulfilled' ? 'sent' : (outcome.reason as { code: string }).code))
    .toSorted();
}

test.each(['cold', 'warm'])('slow mode: of five messages at once one is taken (%s)', async (memory) => {
  const streamId = await stage.stream({ slow_mode_seconds: 60 });
  const ann = await stage.person('Ann');
  if (memory === 'warm') await stage.chat.check(ann, streamId, 'hello');
  const one = ['SLOW_MODE', 'SLOW_MODE', 'SLOW_MODE', 'SLOW_MODE', 'sent'];
  expect(await atOnce(ann, streamId, ['1', '2', '3', '4', '5'])).toEqual(one);
  expect(await atOnce(ann, streamId, ['6', '7'])).toEqual(['SLOW_MODE', 'SLOW_MODE']);
});

test('the same words five times at once are taken once', async () => {
  const streamId = await stage.stream({
    automod: JSON.stringify({ enabled: true, duplicateDetection: true }),
  });
  const ann = await stage.person('Ann');
  const again = 'MESSAGE_REJECTED';
  expect(
    await atOnce(
      ann,
      streamId,
      Array.from({ length: 5 }, () => 'the very same'),
    ),
  ).toEqual([...[again, again, again, again], 'sent']);
});
