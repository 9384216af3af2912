import { afterAll, beforeAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { OwnPostgres } from '../support/own-postgres.ts';

// Nothing acknowledged is lost, in ten short runs; tests/long has a hundred long ones. CHAT_SEED and CHAT_RUNS repeat some.

const runs = Number(process.env['CHAT_RUNS'] ?? 10);
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
      messages: 30,
      killMs: [300, 900],
      maxKills: 2,
      pauseMs: [200, 700],
      timeoutMs: 100_000,
    });
    expect(report.violations, `seed ${seed}: ${JSON.stringify(report)}`).toEqual([]);
    expect(report.acked).toBeGreaterThan(20 * 30 * 0.8);
    expect(report.kills).toBeGreaterThan(0);
  },
  120_000,
);
