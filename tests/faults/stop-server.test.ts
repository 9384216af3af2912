import { describe, expect, test } from 'vitest';
import { stopServer } from './stop-server.ts';

describe('fault F12: SIGTERM', () => {
  test('everybody is told, the children go, the exit code is 0 within 10 s', async () => {
    const stop = await stopServer();
    expect(stop.code).toBe(0);
    expect(stop.tookMs).toBeLessThan(10_000);
    expect(stop.orphans).toBe(0);
    expect(stop.parting).toContain('the server is stopping');
    expect(stop.answered).toBe(stop.heldBefore);
  });
});
