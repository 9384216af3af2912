import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fuzzFragments, fuzzOffers, headerField } from './testing/fuzz-whip.ts';
import { WhipHarness } from './testing/whip-harness.ts';

/** Requests of each kind; all through the socket. `tests/long/fuzz-whip.test.ts` sends more. */
const RUNS = 5000;

let whip: WhipHarness;
beforeAll(async () => {
  whip = await WhipHarness.start({ maxSessionsPerAddress: 10_000 });
});
afterAll(() => whip.close());

describe('any request to WHIP', () => {
  test(
    'POST: a damaged offer is answered or refused in words; nothing fails inside',
    () => fuzzOffers(whip, { runs: RUNS }),
    60_000,
  );

  test(
    'PATCH: any condition, type and fragment is answered with a status that we know',
    () => fuzzFragments(whip, { runs: RUNS }),
    60_000,
  );

  test('any Authorization but the right one is 401', async () => {
    await fc.assert(
      fc.asyncProperty(headerField, async (authorization) => {
        const { status } = await whip.send('HTTP/1.1', 'DELETE', '/whip/none', {
          headers: { authorization },
        });
        expect([401, 429]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });
});
