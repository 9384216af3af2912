import { afterAll, beforeAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { OwnPostgres } from '../support/own-postgres.ts';

// A hundred runs of up to a minute: CHAT_RUNS and CHAT_SEED choose others.

const runs = Number(process.env['CHAT_RUNS'] ?? 100);
const firstSeed = Number(process.env['CHAT_SEED'] ?? Date.now() % 1_000_000);

let own: OwnPostgres;

beforeAll(async () => {
  own = await OwnPostgres.start();
});

afterAll(() => own.drop());

test.each(Array.from({ length: runs }, (_, run) => firstSeed + run))(
  'chat loses nothing that it acknowledged (seed %i)',
  async (seed) => {
    const report = await runChatCrash(own, {
      seed,
      clients: 20,
      messages: 500,
      killMs: [5000, 15_000],
      maxKills: 100,
      pauseMs: [500, 4000],
      timeoutMs: 180_000,
    });
    process.stdout.write(`seed ${seed}: ${JSON.stringify(report)}\n`);
    expect(report.violations).toEqual([]);
  },
);
