import { fuzzFragments, fuzzOffers } from '@tallylight/server/ingest/whip/testing/fuzz-whip.ts';
import { WhipHarness } from '@tallylight/server/ingest/whip/testing/whip-harness.ts';
import { expect, test } from 'vitest';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
/** Requests of each kind. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 50_000);

test(`WHIP: ${RUNS} damaged offers and as many damaged fragments through the socket`, async () => {
  const whip = await WhipHarness.start({ maxSessionsPerAddress: 10_000 });
  try {
    await fuzzOffers(whip, { runs: RUNS, seed: SEED });
    await fuzzFragments(whip, { runs: RUNS, seed: SEED });
    expect(whip.endpoint.size).toBe(0);
  } finally {
    await whip.close();
  }
});
