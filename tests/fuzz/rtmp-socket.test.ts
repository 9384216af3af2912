import { describe, expect, test } from 'vitest';
import { fuzzRtmp } from './fuzz-rtmp.ts';

/** `FUZZ_SEED` repeats a run, `FUZZ_SOCKET_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['FUZZ_SOCKET_CASES'] ?? 5000);
const RUN_MS = 25_000;

describe('fuzz: RTMP through sockets', () => {
  test('deranged sessions of real encoders: no crash, bounded memory, the other publisher undisturbed', async () => {
    const run = await fuzzRtmp({ seed: SEED, cases: CASES, timeMs: RUN_MS, ladder: 'off' });
    console.log(
      `FUZZ_SEED=${SEED}: ${run.cases} sessions, ${run.published} published, ${Math.round(run.extraMb)} MB`,
    );
    expect(run.errors, `FUZZ_SEED=${SEED}`).toEqual([]);
    expect(run.complaints, `FUZZ_SEED=${SEED}`).toEqual([]);
    expect(run.talkative).toEqual([]);
    expect(run.unhandled).toBe(false);
    expect(run.extraMb).toBeLessThan(150);
    expect(run.cases).toBeGreaterThan(CASES / 2);
    // Mutations that never get past the door would test the door only.
    expect(run.published).toBeGreaterThan(run.cases / 4);
  });
});
