import { afterAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { ChatCrashLanes } from '../support/chat-crash-lanes.ts';

// Nothing acknowledged is lost, in ten runs with a kill every 5 to 15 s; tests/long has a hundred longer ones. Most of the time is
// waiting, so five go on at once, each with a server and a database of its own. CHAT_SEED and CHAT_RUNS repeat some.

const runs = Number(process.env['CHAT_RUNS'] ?? 10);
const firstSeed = Number(process.env['CHAT_SEED'] ?? Date.now() % 1_000_000);
const lanes = new ChatCrashLanes(5, 20);

afterAll(() => lanes.close());

// Not once more when it fails: what was lost once is lost.
test.concurrent.each(Array.from({ length: runs }, (_, run) => [firstSeed + run, run] as const))(
  'chat loses nothing that it acknowledged while the server is killed (seed %i)',
  { retry: 0, timeout: 240_000 },
  async (seed, run) => {
    const report = await lanes.use((stage) =>
      runChatCrash(stage, {
        seed,
        messages: 10,
        writePauseMs: 800,
        cutMs: [100, 300],
        killMs: [5000, 15_000],
        minKills: 2,
        // Some meet a server that has only just started.
        quickKills: seed % 3 === 0 ? 1 : 0,
        quickMs: [300, 1200],
        freezeEvery: seed % 2 === 0 ? 1 : 0,
        freezeMs: [200, 1500],
        timeoutMs: 150_000,
      }),
    );
    process.stdout.write(`chat crash, run ${run + 1} of ${runs}, seed ${seed}: ${JSON.stringify(report)}\n`);
    expect(report.violations, `CHAT_SEED=${seed} CHAT_RUNS=1`).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(2);
    expect(report.cuts).toBeGreaterThan(0);
    // One of them is banned half-way; a few give up.
    expect(report.acked).toBeGreaterThan(report.sent * 0.8);
  },
);
