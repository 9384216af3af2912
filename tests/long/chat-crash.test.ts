import { afterAll, beforeAll, expect, test } from 'vitest';
import { runChatCrash } from '../support/chat-crash.ts';
import { ChatCrashStage } from '../support/chat-crash-stage.ts';

// A hundred runs of about a minute: CHAT_RUNS and CHAT_SEED choose others.

const runs = Number(process.env['CHAT_RUNS'] ?? 100);
const firstSeed = Number(process.env['CHAT_SEED'] ?? Date.now() % 1_000_000);
const [writers, messages] = [20, 500];

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
      writePauseMs: 100,
      killMs: [5000, 15_000],
      freezeMs: [500, 4000],
      maxKills: 100,
      timeoutMs: 240_000,
    });
    process.stdout.write(`seed ${seed}: ${JSON.stringify(report)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.acked).toBeGreaterThan(writers * messages * 0.8);
    expect(report.kills).toBeGreaterThan(0);
  },
);
