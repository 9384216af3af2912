import { writeAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { writeVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isSignedAnswer } from '../../rtmp/handshake.ts';
import { MESSAGE_TYPE } from '../../rtmp/rtmp-message.ts';
import { RtmpPublisher } from './testing/rtmp-publisher.ts';
import { ASC, HEVC_CONFIG, HEVC_IDR, IDR, P_SLICE } from './testing/sample-media.ts';
import {
  AVC_CONFIG_TAG,
  closeAll,
  closeLater,
  fillerTag,
  firstPublication,
  opened,
  pictureTag,
  publishing,
  startServer,
} from './testing/server-harness.ts';

afterEach(closeAll);

const until = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 4000, interval: 10 });
const single = { trackId: 0, otherTrackIds: [] } as const;

describe('a publisher', () => {
  test('writes tracks and units to its stream, and leaves', async () => {
    const { port, target } = await startServer();
    const publisher = await publishing(port, 'good?token=secret');
    publisher.sendMetadata({ videocodecid: 7, audiocodecid: 10, framerate: 30 });
    publisher.sendTag('video', 0, AVC_CONFIG_TAG);
    publisher.sendTag(
      'audio',
      0,
      writeAudioTag({ kind: 'config', codec: 'mp4a', enhanced: false, config: ASC, ...single }),
    );
    publisher.sendTag('video', 0, pictureTag(IDR));
    publisher.sendTag('video', 33, pictureTag(P_SLICE));
    await publisher.unpublish();
    await until(() => expect(firstPublication(target).ended).toBe('unpublished'));
    const { streamId, tracks, units, expected } = firstPublication(target);
    expect(streamId).toBe('good');
    expect(expected).toEqual({ video: true, audio: true });
    expect(tracks.map((track) => track.codec)).toEqual(['h264', 'aac']);
    expect(units.map(({ dts, keyframe }) => [dts, keyframe])).toEqual([
      [0, true],
      [33, false],
    ]);
  });

  test('may make the digest handshake in both layouts', async () => {
    const { port } = await startServer();
    for (const digest of [0, 1] as const) {
      const publisher = await opened(port);
      const { c1, s1, s2 } = await publisher.shakeHands(digest);
      expect(isSignedAnswer(c1, s1, s2, digest)).toBe(true);
      expect((await publisher.connect('live')).code).toBe('NetConnection.Connect.Success');
    }
  });

  test('is served over TLS', async () => {
    const { server } = await startServer();
    const pems = await generate([{ name: 'commonName', value: 'localhost' }]);
    server.setTls({ cert: pems.cert, key: pems.private });
    const port = await server.listenTls({ port: 0, host: '127.0.0.1' });
    closeLater(await RtmpPublisher.publish({ port, key: 'good', tls: true }));
    expect(server.dump().publishers).toBe(1);
    const plain = await opened(port);
    plain.sendRaw(new Uint8Array(1537).fill(3));
    await plain.closed;
    expect(server.dump().publishers).toBe(1);
  });

  test('of HEVC by enhanced RTMP is told that the server knows it', async () => {
    const { port, target } = await startServer();
    const publisher = await opened(port);
    await publisher.shakeHands();
    const answer = await publisher.call('connect', {
      app: 'live',
      fourCcList: ['hvc1', 'av01'],
      capsEx: 15,
      videoFourCcInfoMap: { '*': 4 },
    });
    const [status] = answer.args;
    expect(status).toEqual(
      new Map<string, unknown>([
        ['level', 'status'],
        ['code', 'NetConnection.Connect.Success'],
        ['description', 'Connection succeeded.'],
        ['objectEncoding', 0],
        ['fourCcList', ['avc1', 'hvc1', 'mp4a']],
        [
          'videoFourCcInfoMap',
          new Map([
            ['avc1', 5],
            ['hvc1', 5],
          ]),
        ],
        ['capsEx', 14],
      ]),
    );
    await publisher.startPublishing('good');
    publisher.sendTag(
      'video',
      0,
      writeVideoTag({ kind: 'config', codec: 'hvc1', enhanced: true, config: HEVC_CONFIG, ...single }),
    );
    const frames = {
      kind: 'frames',
      codec: 'hvc1',
      enhanced: true,
      keyframe: true,
      nanosecondOffset: 0,
      ...single,
    } as const;
    publisher.sendTag('video', 0, writeVideoTag({ ...frames, compositionTimeMs: 66, payload: HEVC_IDR }));
    await until(() => expect(firstPublication(target).units).toHaveLength(1));
    expect(firstPublication(target).tracks).toMatchObject([{ codec: 'hevc', width: 640, height: 360 }]);
    expect(firstPublication(target).units).toMatchObject([{ dts: 0, pts: 66, keyframe: true }]);
  });

  test('of AV1 is refused in words, logged once with its peer', async () => {
    const { port, target, troubles } = await startServer();
    const publisher = await publishing(port);
    publisher.sendTag(
      'video',
      0,
      writeVideoTag({ kind: 'config', codec: 'av01', enhanced: true, config: ASC, ...single }),
    );
    const status = await publisher.status();
    expect(status).toEqual({
      level: 'error',
      code: 'NetStream.Publish.Failed',
      description: 'AV1 video cannot be served: set the encoder to H.264 or HEVC',
    });
    await publisher.closed;
    expect(firstPublication(target).ended).toBe('protocol-error');
    expect(troubles()).toMatchObject([
      { fields: { peer: expect.stringContaining('127.0.0.1:') as string, reason: status.description } },
    ]);
  });

  test('may stop and publish again on the same connection', async () => {
    const { port, target } = await startServer();
    const publisher = await publishing(port);
    publisher.sendCommand(1, 'closeStream', 0, null);
    expect((await publisher.status()).code).toBe('NetStream.Unpublish.Success');
    expect((await publisher.startPublishing('good')).code).toBe('NetStream.Publish.Start');
    expect(target.publications.map((each) => each.ended)).toEqual(['unpublished', undefined]);
  });

  test('gets acknowledgements for its window and answers to its pings', async () => {
    const { port } = await startServer();
    const publisher = await publishing(port);
    publisher.sendMessage(2, {
      type: MESSAGE_TYPE.windowAckSize,
      streamId: 0,
      timestampMs: 0,
      payload: Uint8Array.of(0, 1, 0, 0),
    });
    publisher.sendMessage(2, {
      type: MESSAGE_TYPE.userControl,
      streamId: 0,
      timestampMs: 0,
      payload: Uint8Array.of(0, 6, 1, 2, 3, 4),
    });
    publisher.sendTag('video', 0, fillerTag(70_000));
    const acknowledged = await publisher.message(
      (each) => each.type === MESSAGE_TYPE.acknowledgement,
      'an acknowledgement',
    );
    expect(Buffer.from(acknowledged.payload).readUInt32BE()).toBeGreaterThan(65_536);
    const pong = await publisher.message(
      (each) => each.type === MESSAGE_TYPE.userControl && each.payload[1] === 7,
      'a pong',
    );
    expect([...pong.payload]).toEqual([0, 7, 1, 2, 3, 4]);
  });

  test('that is evicted is told why', async () => {
    const { port, target } = await startServer();
    const publisher = await publishing(port);
    firstPublication(target).evict('revoked');
    expect(await publisher.status()).toMatchObject({
      level: 'error',
      description: 'this stream key was revoked',
    });
    await publisher.closed;
    expect(firstPublication(target).ended).toBe('revoked');
  });

  test('whose connection breaks is lost; the same key is let in again at once', async () => {
    const { port, target } = await startServer();
    (await publishing(port)).destroy();
    await until(() => expect(firstPublication(target).ended).toBe('connection-lost'));
    await publishing(port);
    expect(target.publications).toHaveLength(2);
  });

  test('is told when the server stops', async () => {
    const { port, server, target } = await startServer();
    const publisher = await publishing(port);
    const [status] = await Promise.all([publisher.status(), server.close()]);
    expect(status.description).toBe('the server is stopping, please reconnect');
    expect(firstPublication(target).ended).toBe('server-stopping');
  });
});
