import { afterEach, describe, expect, test, vi } from 'vitest';
import { RtmpPush } from '../egress/rtmp/rtmp-push.ts';
import { RtmpServer } from '../ingest/rtmp/server.ts';
import { FakePublishTarget, fakeAuthorizer } from '../ingest/rtmp/testing/fake-publish-target.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { type CardOptions, defaultCardOptions } from './card-options.ts';
import { publishTestCard, TestCardPublisher } from './test-card-publisher.ts';

const small: CardOptions = { ...defaultCardOptions, width: 320, height: 180, picture: 'plain', gopSec: 1 };
const servers: RtmpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function listen() {
  const target = new FakePublishTarget();
  const server = new RtmpServer({
    authorizer: fakeAuthorizer,
    target,
    clock: systemClock,
    log: silentLogger,
  });
  servers.push(server);
  const port = await server.listen({ port: 0, host: '127.0.0.1' });
  return { target, at: { host: '127.0.0.1', port, tls: false, app: 'live', streamKey: 'good-card' } };
}

describe('TestCardPublisher', () => {
  test('publishes H.264 and AAC with a keyframe each second', async () => {
    const { target, at } = await listen();
    const card = new TestCardPublisher(at, small, silentLogger);
    card.start();
    const published = () => target.publications[0];
    await vi.waitFor(
      () => {
        const keyframes = published()?.units.filter((unit) => unit.kind === 'video' && unit.keyframe) ?? [];
        expect(keyframes.length).toBeGreaterThanOrEqual(2);
      },
      { timeout: 8000, interval: 50 },
    );
    await card.close();
    expect(published()?.expected).toEqual({ video: true, audio: true });
    expect(
      published()
        ?.tracks.map((track) => track.codec)
        .sort(),
    ).toEqual(['aac', 'h264']);
    const keyframesMs = published()
      ?.units.filter((unit) => unit.kind === 'video' && unit.keyframe)
      .map((unit) => Number(unit.pts));
    expect(keyframesMs?.slice(0, 2)).toEqual([0, 1000]);
    await vi.waitFor(() => expect(published()?.ended).toBe('unpublished'));
  }, 15_000);
});

describe('publishTestCard', () => {
  test('a wrong key is refused in the words of the server', async () => {
    const { at } = await listen();
    const refused = publishTestCard({ ...at, streamKey: 'bad' }, small, new AbortController().signal);
    await expect(refused).rejects.toThrow('the server refused: NetStream.Publish');
  });

  test('an FFmpeg that is not there is named', async () => {
    const { at } = await listen();
    const refused = publishTestCard(
      at,
      { ...small, ffmpegPath: '/nowhere/ffmpeg' },
      new AbortController().signal,
    );
    await expect(refused).rejects.toThrow('/nowhere/ffmpeg');
  });
});

describe('RtmpPush', () => {
  test('rejects when nobody listens', async () => {
    await expect(
      RtmpPush.open({ host: '127.0.0.1', port: 1, tls: false, app: 'live', streamKey: 'x' }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  test('tells when the server goes away', async () => {
    const { at } = await listen();
    const push = await RtmpPush.open(at);
    await servers.pop()?.close();
    expect(await push.closed).toBeInstanceOf(Error);
    await push.close();
  });
});
