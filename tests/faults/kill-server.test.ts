import { describe, expect, test } from 'vitest';
import { killServer } from './kill-server.ts';

describe('fault F1: SIGKILL of the server while an encoder publishes', () => {
  test('it is ready within 5 s, the encoder is back within 10 s, under the same URL, and no number falls', async () => {
    for (const kill of await killServer(1)) {
      expect(kill.readyMs).toBeLessThan(5000);
      expect(kill.mediaMs).toBeLessThan(10_000);
      expect(kill.rungMs).toBeLessThan(10_000);
      expect(kill.lowestMsnAfter).toBeGreaterThan(kill.msnBefore);
      expect(kill.orphans).toBe(0);
    }
  });
});
