import { describe, expect, test } from 'vitest';
import { fuzzHls } from './fuzz-hls.ts';

/** `FUZZ_SEED` repeats a run, `FUZZ_HLS_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['FUZZ_HLS_CASES'] ?? 10_000);

describe('fuzz: HLS paths and directives through sockets', () => {
  test('odd requests: never 5xx, never silence, the viewer beside them undisturbed', async () => {
    const run = await fuzzHls({ seed: SEED, cases: CASES, timeMs: 40_000 });
    console.log(`FUZZ_SEED=${SEED}: ${run.cases} requests`, Object.fromEntries(run.statuses));
    expect(run.failures, `FUZZ_SEED=${SEED}`).toEqual([]);
    expect(run.errors).toEqual([]);
    expect(run.complaints).toEqual([]);
    expect(run.extraMb).toBeLessThan(100);
    expect(run.cases).toBe(CASES);
  });
});
