import { afterAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { ChatCrashLanes } from '../support/chat-crash-lanes.ts';

// A hundred runs, three at once: about an hour on two cores that nobody else uses. CHAT_RUNS, CHAT_SEED, CHAT_LANES, CHAT_MESSAGES and
// CHAT_MINUTES choose others; what has not begun when the minutes are over fails, so that it always ends.

const runs = Number(process.env['CHAT_RUNS'] ?? 100);
const firstSeed = Number(process.env['CHAT_SEED'] ?? Date.now() % 1_000_000);
const messages = Number(process.env['CHAT_MESSAGES'] ?? 500);
const lanes = new ChatCrashLanes(Number(process.env['CHAT_LANES'] ?? 3), 20);
const minutes = Number(process.env['CHAT_MINUTES'] ?? 90);
const endMs = performance.now() + minutes * 60_000;
let [done, kills, acked] = [0, 0, 0];

afterAll(() => lanes.close());

test.concurrent.each(Array.from({ length: runs }, (_, run) => firstSeed + run))(
  'chat loses nothing that it acknowledged while the server is killed (seed %i)',
  { retry: 0, timeout: 900_000 },
  async (seed) => {
    const report = await lanes.use((stage) => {
      if (performance.now() > endMs) throw new Error(`not run: ${minutes} minutes were over`);
      return runChatCrash(stage, {
        seed,
        messages,
        writePauseMs: 100,
        cutMs: [50, 150],
        killMs: [5000, 15_000],
        minKills: 2,
        quickKills: seed % 3 === 0 ? 1 : 0,
        quickMs: [300, 1200],
        freezeEvery: 2,
        freezeMs: [500, 4000],
        timeoutMs: 400_000,
      });
    });
    done += 1;
    kills += report.kills;
    acked += report.acked;
    const sum = `${done} of ${runs} done, ${kills} kills, ${acked} acknowledged`;
    process.stdout.write(`chat crash, seed ${seed}: ${JSON.stringify(report)}; ${sum}\n`);
    expect(report.violations, `CHAT_SEED=${seed} CHAT_RUNS=1`).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(2);
    expect(report.acked).toBeGreaterThan(report.sent * 0.8);
  },
);
