import { describe, expect, test } from 'vitest';
import { fuzzDatagrams } from '../../packages/server/src/rtc-worker/testing/fuzz-datagrams.ts';
import { PublishingBrowser } from '../../packages/server/src/rtc-worker/testing/publishing-browser.ts';
import { startWorker } from '../../packages/server/src/rtc-worker/testing/worker-harness.ts';
import { fuzzHls } from '../fuzz/fuzz-hls.ts';
import { fuzzRtmp } from '../fuzz/fuzz-rtmp.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

describe('fuzz through sockets, at length', () => {
  test.each([
    { ladder: 'off', cases: 20_000 },
    // Every session that publishes gets an FFmpeg of its own.
    { ladder: '144p:100k', cases: 1000 },
  ])('RTMP: $cases sessions, ladder $ladder', async ({ ladder, cases }) => {
    // The bystander's clip lasts a minute: so does a round.
    let done = 0;
    for (let round = 0; done < cases && round < 15; round++) {
      const run = await fuzzRtmp({ seed: SEED + done * 7919, cases: cases - done, timeMs: 45_000, ladder });
      expect(run.errors, `FUZZ_SEED=${SEED}, from case ${done}`).toEqual([]);
      expect(run.complaints).toEqual([]);
      expect(run.unhandled).toBe(false);
      expect(run.extraMb).toBeLessThan(200);
      done += run.cases;
    }
  });

  test('HLS: 20,000 odd requests, twice', async () => {
    for (const seed of [SEED, SEED + 1]) {
      const run = await fuzzHls({ seed, cases: 20_000, timeMs: 45_000 });
      expect(run.failures).toEqual([]);
      expect(run.errors).toEqual([]);
      expect(run.complaints).toEqual([]);
    }
  });

  test('WebRTC: 50,000 altered datagrams, four times', async () => {
    const browser = await PublishingBrowser.open();
    const harness = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
    for (let seed = SEED; seed < SEED + 4; seed++) {
      const run = await fuzzDatagrams(browser, harness, { seed, count: 50_000 });
      expect(run, `FUZZ_SEED=${seed}`).toMatchObject({ closed: [], survived: true });
      expect(run.pictures).toBeGreaterThan(30);
      expect(run.unread).toBeLessThan(2500);
      expect(run.grownKb).toBeLessThan(30_000);
    }
    await browser.close();
    await harness.close();
  });
});
