import { describe, expect, test } from 'vitest';
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
});
