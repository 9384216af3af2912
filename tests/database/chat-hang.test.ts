import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ChatStage } from '../../packages/server/src/control/chat/testing/chat-stage.ts';
import { Database } from '../../packages/server/src/db/database.ts';
import { systemClock } from '../../packages/server/src/platform/clock.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { OwnPostgres } from '../support/own-postgres.ts';
import { waitFor } from '../support/wait-for.ts';

let own: OwnPostgres;
let database: Database;
let stage: ChatStage;

beforeAll(async () => {
  own = await OwnPostgres.start();
});

beforeEach(async () => {
  database = new Database({ url: own.url, log: silentLogger });
  stage = await ChatStage.create(database, {
    clock: systemClock,
    limits: { userPerSec: 1000, userBurst: 1000, roomPerSec: 1000 },
  });
});

afterEach(async () => {
  own.signal('SIGCONT');
  await stage.close();
  await database.close();
});

afterAll(() => own.drop());

test('while PostgreSQL hangs no message is acknowledged or told, each is refused within 2 s, and sending again says it once', async () => {
  const streamId = await stage.stream();
  const told: string[] = [];
  stage.events.on('chat-message', ({ seq, clientId }) => told.push(`${seq} ${clientId}`));
  const send = (clientId: string) => stage.chat.send(stage.owner, { streamId, content: clientId, clientId });
  await send('before');

  own.signal('SIGSTOP');
  const start = performance.now();
  const ids = Array.from({ length: 100 }, (_, n) => `hung-${n}`);
  const outcomes = await Promise.allSettled(ids.map(send));
  expect(performance.now() - start).toBeLessThan(2500);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'UNAVAILABLE', statusCode: 503, details: { retryAfterSeconds: 2 } },
    });
  }
  expect(told).toEqual(['1 before']);

  own.signal('SIGCONT');
  await waitFor('the database to be seen again', () => database.available, 10_000);
  for (const id of ids) await send(id);
  await waitFor('every message to be told', () => told.length === 101, 10_000);
  expect(told.map((line) => Number(line.split(' ')[0]))).toEqual(
    Array.from({ length: 101 }, (_, n) => n + 1),
  );
  expect(new Set(told.map((line) => line.split(' ')[1])).size).toBe(101);
  const { lastSeq } = await stage.chat.history(stage.owner, streamId, { limit: 1 });
  expect(lastSeq).toBe(101);
});
