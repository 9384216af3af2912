import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BYSTANDER_CLIP, Bystander } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { DeafProxy } from '../support/deaf-proxy.ts';
import { FlvSource } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { LlReader } from '../support/ll-reader.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

let server: Tallylight;

beforeAll(async () => {
  server = await Tallylight.start({ env: { ...QUICK_ENV, RTMP_KEY_FAILURES_PER_MINUTE: '1000' } });
});

afterAll(() => server.stop());

describe('security 4: takeover of a live name', () => {
  test('wrong keys, other keys and the same key are refused; the living publisher loses no frame', async () => {
    const owner = await Bystander.start(server, 'studio');
    const otherKey = await server.addKey('elsewhere');
    const port = server.rtmpPort;
    for (let round = 0; round < 5; round++) {
      for (const key of ['studio', 'live_', `${owner.key}x`, owner.key.slice(0, -1), owner.key.toLowerCase()])
        await expect(RtmpPublisher.publish({ port, key })).rejects.toThrow('NetStream.Publish.Denied');
      await expect(RtmpPublisher.publish({ port, key: owner.key })).rejects.toThrow(
        'another encoder is live on this stream key',
      );
      // Another stream's key is right, but opens that stream and no other.
      const other = await RtmpPublisher.publish({ port, key: otherKey });
      await other.unpublish();
    }
    expect(await owner.leave()).toEqual([]);
  });
});

describe('security 5: a publisher whose connection died without a word', () => {
  test('the same key is refused for 1.5 s, then let in at once, and the stream goes on under its URL', async () => {
    const key = await server.addKey('zombie');
    const proxy = await DeafProxy.start(server.rtmpPort);
    const files = [await makeClip(BYSTANDER_CLIP)];
    const zombie = await FlvSource.start({ port: proxy.port, key, files });
    const reader = new LlReader(new URL('source/index.m3u8', server.playlistUrl('zombie')).href);
    await waitFor('a playlist', async () => (await httpGet(reader.url)).status === 200);
    await reader.follow(0.5);
    proxy.mute();
    const mutedMs = performance.now();
    let refusals = 0;
    const heir = await waitFor('the heir to be let in', async () => {
      try {
        return await FlvSource.start({ port: server.rtmpPort, key, files });
      } catch (error) {
        expect(String(error)).toContain('another encoder is live');
        refusals++;
        return undefined;
      }
    });
    const acceptedMs = performance.now() - mutedMs;
    expect(refusals).toBeGreaterThan(1);
    expect(acceptedMs).toBeGreaterThan(1450);
    // What was under way as the cable broke still counts as a sign of life.
    expect(acceptedMs).toBeLessThan(2200);
    const replaced = (): object[] => server.log.filter(({ msg }) => msg === 'half-open publisher replaced');
    await expect.poll(replaced).toMatchObject([{ streamId: 'zombie' }]);
    const before = reader.parts.at(-1)?.msn ?? 0;
    await reader.follow(reader.mediaSec + 2, 6000);
    expect(reader.parts.slice(-1)[0]?.msn).toBeGreaterThan(before);
    expect(reader.parts.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    const msns = reader.parts.map(({ msn }) => msn);
    expect(msns).toEqual(msns.toSorted((a, b) => a - b));
    expect(reader.problems).toEqual([]);
    heir.kill();
    zombie.kill();
    proxy.close();
  });
});
