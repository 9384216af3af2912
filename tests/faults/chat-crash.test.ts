import { afterAll, beforeAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { ChatCrashStage } from '../support/chat-crash-stage.ts';

// Nothing acknowledged is lost, in ten short runs; tests/long has a hundred long ones. CHAT_SEED and CHAT_RUNS repeat some.

const runs = Number(process.env['CHAT_RUNS'] ?? 10);
const firstSeed = Number(process.env['CHAT_SEED'] ?? Date.now() % 1_000_000);
const [writers, messages] = [20, 22];

let stage: ChatCrashStage | undefined;

beforeAll(async () => {
  stage = await ChatCrashStage.start(writers);
});

afterAll(() => stage?.close());

test.each(Array.from({ length: runs }, (_, run) => firstSeed + run))(
  'chat loses nothing that it acknowledged while the server is killed (seed %i)',
  async (seed) => {
    if (stage === undefined) throw new Error('no stage');
    const report = await runChatCrash(stage, {
      seed,
      messages,
      writePauseMs: 130,
      killMs: [300, 1200],
      freezeMs: [200, 600],
      maxKills: 2,
      timeoutMs: 100_000,
    });
    process.stdout.write(`seed ${seed}: ${JSON.stringify(report)}\n`);
    expect(report.violations).toEqual([]);
    // One of them is banned half-way; a few give up.
    expect(report.acked).toBeGreaterThan(writers * messages * 0.8);
    expect(report.kills).toBeGreaterThan(0);
    expect(report.cuts).toBeGreaterThan(0);
  },
);
