import { describe, expect, test } from 'vitest';
import { killFfmpeg } from './kill-ffmpeg.ts';

describe('fault F2: SIGKILL of FFmpeg', () => {
  test('it comes back at growing intervals, five times a minute at most; the source never notices', async () => {
    const { deaths, log, ...outcome } = await killFfmpeg(5);
    const waits = deaths.map(({ respawnMs }) => respawnMs);
    expect(waits).toHaveLength(5);
    for (const [at, delayMs] of [250, 500, 1000, 2000].entries()) {
      expect(waits[at]).toBeGreaterThan(delayMs - 20);
      expect(waits[at]).toBeLessThan(delayMs + 700);
    }
    expect(waits[4]).toBeUndefined();
    expect(outcome.sourceWounds).toEqual([]);
    expect(outcome.rungHoleSec).toBeLessThanOrEqual(3);
    expect(outcome.rungSilentSec).toBeLessThanOrEqual(3.5);
    expect(outcome).toMatchObject({ rungGoesOn: true, otherUntouched: true, orphans: 0 });
    expect(
      log.filter((line) => line['level'] === 'warn' || line['level'] === 'error').length,
    ).toBeGreaterThan(0);
  });
});
