import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { describe, expect, test } from 'vitest';
import { BYSTANDER_CLIP, Bystander } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { FlvSource, isConfiguration } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { LlReader } from '../support/ll-reader.ts';
import { errorLines, troubleLines } from '../support/log-levels.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

/** `FUZZ_SEED` repeats a run. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const CORRUPT_MS = 4000;

describe('security 13: corrupt media', () => {
  test('harms only its own stream, and is told once with the peer’s address', async () => {
    const server = await Tallylight.start({ env: { ...QUICK_ENV, LADDER: '144p:100k' } });
    try {
      const bystander = await Bystander.start(server);
      const rung = new LlReader(new URL('144p/index.m3u8', server.playlistUrl(bystander.streamId)).href);
      const random = new SeededRandom(SEED);
      const key = await server.addKey('corrupt');
      const bad = await FlvSource.start({
        port: server.rtmpPort,
        key,
        files: [await makeClip(BYSTANDER_CLIP)],
        edit: (tag, elapsedMs) => {
          // A second of health, so that the ladder runs before the bits begin to flip; and health again at the end.
          const healthy = elapsedMs < 1000 || elapsedMs > 1000 + CORRUPT_MS;
          if (healthy || (isConfiguration(tag) && random.below(2) === 0)) return tag;
          const body = tag.body.slice();
          const flips = 1 + random.below(10);
          for (let i = 0; i < flips; i++) {
            const at = random.below(random.below(3) === 0 ? Math.min(12, body.length) : body.length);
            body[at] = (body[at] ?? 0) ^ (1 << random.below(8));
          }
          return { ...tag, body };
        },
      });
      const peer = `127.0.0.1:${bad.publisher.socket.localPort}`;
      await waitFor('the rung of the bystander', async () => (await httpGet(rung.url)).status === 200);
      await rung.follow(CORRUPT_MS / 1000 + 2, CORRUPT_MS + 6000);
      expect(rung.problems).toEqual([]);
      expect(rung.holes).toEqual([]);
      expect(rung.parts.filter(({ discontinuity }) => discontinuity)).toEqual([]);
      const told = troubleLines(server).filter((line) => line['peer'] === peer);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ msg: expect.stringContaining('broken media') as string });
      expect(errorLines(server)).toEqual([]);
      bad.kill();
      expect(await bystander.leave()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
