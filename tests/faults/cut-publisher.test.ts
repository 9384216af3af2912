import { describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-client.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { Tallylight } from '../support/tallylight.ts';
import { cutPublisher } from './cut-publisher.ts';
import { edgeMsn } from './edge-msn.ts';

describe('fault F6: a publisher cut off without a word', () => {
  test('within the reconnect window the stream goes on under its URL; after it, it ends cleanly', async () => {
    const server = await Tallylight.start({
      env: { ...QUICK_ENV, RTMP_IDLE_TIMEOUT_SEC: '2', RECONNECT_WINDOW_SEC: '4' },
    });
    try {
      const [back, gone] = await Promise.all([
        cutPublisher(server, 'returns', 5000),
        cutPublisher(server, 'never', 'for good'),
      ]);
      expect(back.acceptedMs).toBeLessThan(500);
      expect(back.settledMs).toBeLessThan(4000);
      expect(back.heldOn).toBe(true);
      expect(back.last.endList).toBe(false);
      expect(edgeMsn(back.last)).toBeGreaterThan(back.msnBefore);
      expect(back.reader.problems).toEqual([]);
      expect(back.reader.holes).toEqual([]);
      expect(back.reader.parts.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
      // Silence of 2 s, then the window of 4 s.
      expect(gone.settledMs).toBeGreaterThan(5500);
      expect(gone.settledMs).toBeLessThan(7500);
      expect(edgeMsn(gone.last)).toBeGreaterThanOrEqual(gone.msnBefore);
      const segment = gone.last.segments.at(-1)?.uri ?? '';
      expect((await httpGet(new URL(segment, gone.reader.url).href)).status).toBe(200);
      expect(server.log.filter((line) => line['msg'] === 'publisher fell silent')).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });
});
