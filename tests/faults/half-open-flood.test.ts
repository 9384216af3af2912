import { describe, expect, test } from 'vitest';
import { Tallylight } from '../support/tallylight.ts';
import { floodHalfOpen } from './half-open-flood.ts';

const FLOOD = 1000;

describe.concurrent('fault F10: half-open RTMP connections', () => {
  test.each([
    { what: 'at the default limits', env: {}, held: 200 },
    // As if the limits were not there, so that all of them are held.
    {
      what: 'without a cap on their number',
      env: { RTMP_MAX_PENDING: '20000', RTMP_MAX_PENDING_PER_ADDRESS: '20000' },
      held: FLOOD,
    },
  ])(
    '$what a publisher is let in within 2 s, memory is bounded, all are gone in 15 s',
    async ({ env, held }) => {
      const server = await Tallylight.start({ env });
      try {
        const flood = await floodHalfOpen(server, FLOOD, await server.addKey('real'));
        // The kernel takes some before the server sees them.
        expect(flood.held).toBeGreaterThan(held * 0.9);
        expect(flood.held).toBeLessThanOrEqual(held * 1.05);
        expect(flood.acceptedMs).toBeLessThan(2000);
        expect(flood.extraMb).toBeLessThan(100);
        expect(flood.goneMs).toBeLessThan(15_000);
      } finally {
        await server.stop();
      }
    },
  );
});
