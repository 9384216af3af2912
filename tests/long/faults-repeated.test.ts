import { describe, expect, test } from 'vitest';
import { cutPublisher } from '../faults/cut-publisher.ts';
import { edgeMsn } from '../faults/edge-msn.ts';
import { floodHalfOpen } from '../faults/half-open-flood.ts';
import { killFfmpeg } from '../faults/kill-ffmpeg.ts';
import { killServer } from '../faults/kill-server.ts';
import { stopServer } from '../faults/stop-server.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { Tallylight } from '../support/tallylight.ts';

/** The full counts of the fault table; `FAULT_REPEATS` divides or multiplies them. */
const SCALE = Number(process.env['FAULT_REPEATS'] ?? 1);
const times = (count: number): number => Math.max(1, Math.round(count * SCALE));

describe('faults, repeated', () => {
  test('F1: SIGKILL of the server, 20 times in a row', async () => {
    const kills = await killServer(times(20));
    console.table(kills);
    for (const kill of kills) {
      expect(kill.readyMs).toBeLessThan(5000);
      expect(kill.mediaMs).toBeLessThan(10_000);
      expect(kill.rungMs).toBeLessThan(10_000);
      expect(kill.lowestMsnAfter).toBeGreaterThan(kill.msnBefore);
      expect(kill.orphans).toBe(0);
    }
  });

  test('F2: 50 deaths of FFmpeg in rows of five', async () => {
    for (let row = 0; row < times(10); row++) {
      const { deaths, log: _, ...outcome } = await killFfmpeg(5);
      expect(deaths).toHaveLength(5);
      expect(outcome.sourceWounds).toEqual([]);
      expect(outcome.rungHoleSec).toBeLessThanOrEqual(3);
      expect(outcome.rungSilentSec).toBeLessThanOrEqual(3.5);
      expect(outcome).toMatchObject({ rungGoesOn: true, otherUntouched: true, orphans: 0 });
    }
  });

  test.each([
    { awaySec: 5, count: 20 },
    { awaySec: 30, count: 20 },
    { awaySec: 110, count: 20 },
  ])('F6: cut silently for $awaySec s, $count times at once', async ({ awaySec, count }) => {
    const server = await Tallylight.start({ env: QUICK_ENV });
    try {
      const cuts = await Promise.all(
        Array.from({ length: times(count) }, (_, i) => cutPublisher(server, `s${i}`, awaySec * 1000)),
      );
      for (const cut of cuts) {
        expect(cut.heldOn).toBe(true);
        expect(cut.settledMs).toBeLessThan(5000);
        expect(edgeMsn(cut.last)).toBeGreaterThan(cut.msnBefore);
        expect(cut.reader.holes).toEqual([]);
      }
    } finally {
      await server.stop();
    }
  });

  test('F6: away for longer than the window of 120 s, the stream is ended', async () => {
    const server = await Tallylight.start({ env: QUICK_ENV });
    try {
      const cut = await cutPublisher(server, 'gone', 'for good');
      // 10 s of silence first.
      expect(cut.settledMs).toBeGreaterThan(125_000);
      expect(cut.settledMs).toBeLessThan(135_000);
    } finally {
      await server.stop();
    }
  });

  test('F10: 10,000 half-open connections, 5 times', async () => {
    for (let run = 0; run < times(5); run++) {
      const env = { RTMP_MAX_PENDING: '20000', RTMP_MAX_PENDING_PER_ADDRESS: '20000' };
      const server = await Tallylight.start({ env: run % 2 === 0 ? env : {} });
      try {
        const flood = await floodHalfOpen(server, 10_000, await server.addKey('real'));
        expect(flood.acceptedMs).toBeLessThan(2000);
        expect(flood.extraMb).toBeLessThan(100);
        expect(flood.goneMs).toBeLessThan(15_000);
      } finally {
        await server.stop();
      }
    }
  });

  test('F12: SIGTERM, 20 times', async () => {
    for (let run = 0; run < times(20); run++) {
      const stop = await stopServer();
      expect(stop).toMatchObject({ code: 0, orphans: 0, answered: stop.heldBefore });
      expect(stop.tookMs).toBeLessThan(10_000);
    }
  });
});
