import { once } from 'node:events';
import { writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { writeAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { writeVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublishAuthorizer } from '../../stream/publisher.ts';
import { isSignedAnswer } from './handshake.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { MESSAGE_TYPE } from './rtmp-message.ts';
import { RtmpServer } from './server.ts';
import { FakePublishTarget, fakeAuthorizer, type Publication } from './testing/fake-publish-target.ts';
import { RtmpPublisher } from './testing/rtmp-publisher.ts';
import { ASC, AVC_CONFIG, HEVC_CONFIG, HEVC_IDR, IDR, P_SLICE } from './testing/sample-media.ts';

interface Line {
  readonly level: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

const open: { destroy?: () => void; close?: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) {
    each.destroy?.();
    await each.close?.();
  }
});

function recordingLog(lines: Line[], bound: object = {}): Logger {
  const at = (level: string) => (fields: object, event: string) =>
    void lines.push({ level, event, fields: { ...bound, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => recordingLog(lines, { ...bound, ...fields }),
  };
}

async function start(limits: Partial<RtmpLimits> = {}, authorizer: PublishAuthorizer = fakeAuthorizer) {
  const target = new FakePublishTarget();
  const lines: Line[] = [];
  const server = new RtmpServer({ authorizer, target, clock: systemClock, log: recordingLog(lines), limits });
  const port = await server.listen({ port: 0, host: '127.0.0.1' });
  open.push(server);
  const troubles = (): Line[] => lines.filter((line) => line.level === 'warn' || line.level === 'error');
  return { target, lines, server, port, troubles };
}

async function publish(port: number, key = 'good'): Promise<RtmpPublisher> {
  const publisher = await RtmpPublisher.publish({ port, key });
  open.push(publisher);
  return publisher;
}

async function connected(port: number): Promise<RtmpPublisher> {
  const publisher = await RtmpPublisher.open({ port });
  open.push(publisher);
  await publisher.shakeHands();
  await publisher.connect('live');
  return publisher;
}

const first = (target: FakePublishTarget): Publication => {
  const [publication] = target.publications;
  if (publication === undefined) throw new Error('nobody published');
  return publication;
};

const single = { trackId: 0, otherTrackIds: [] } as const;
const avcConfig = writeVideoTag({
  kind: 'config',
  codec: 'avc1',
  enhanced: false,
  config: AVC_CONFIG,
  ...single,
});
const picture = (payload: Uint8Array): Uint8Array[] =>
  writeVideoTag({
    kind: 'frames',
    codec: 'avc1',
    enhanced: false,
    keyframe: payload === IDR,
    compositionTimeMs: 0,
    nanosecondOffset: 0,
    payload,
    ...single,
  });
/** A video tag of a size: a picture, but no NAL units. */
const filler = (size: number): Uint8Array[] => [Uint8Array.of(0x17, 1, 0, 0, 0), new Uint8Array(size - 5)];
const until = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 4000, interval: 10 });

describe('a publisher', () => {
  test('writes tracks and units to its stream, and leaves', async () => {
    const { port, target } = await start();
    const publisher = await publish(port, 'good?token=secret');
    publisher.sendMetadata({ videocodecid: 7, audiocodecid: 10, framerate: 30 });
    publisher.sendTag('video', 0, avcConfig);
    publisher.sendTag(
      'audio',
      0,
      writeAudioTag({ kind: 'config', codec: 'mp4a', enhanced: false, config: ASC, ...single }),
    );
    publisher.sendTag('video', 0, picture(IDR));
    publisher.sendTag('video', 33, picture(P_SLICE));
    await publisher.unpublish();
    await until(() => expect(first(target).ended).toBe('unpublished'));
    const { streamId, tracks, units, expected } = first(target);
    expect(streamId).toBe('good');
    expect(expected).toEqual({ video: true, audio: true });
    expect(tracks.map((track) => track.codec)).toEqual(['h264', 'aac']);
    expect(units.map(({ dts, keyframe }) => [dts, keyframe])).toEqual([
      [0, true],
      [33, false],
    ]);
  });

  test('may make the digest handshake in both layouts', async () => {
    const { port } = await start();
    for (const digest of [0, 1] as const) {
      const publisher = await RtmpPublisher.open({ port });
      open.push(publisher);
      const { c1, s1, s2 } = await publisher.shakeHands(digest);
      expect(isSignedAnswer(c1, s1, s2, digest)).toBe(true);
      expect((await publisher.connect('live')).code).toBe('NetConnection.Connect.Success');
    }
  });

  test('is served over TLS', async () => {
    const { server } = await start();
    const pems = await generate([{ name: 'commonName', value: 'localhost' }]);
    server.setTls({ cert: pems.cert, key: pems.private });
    const port = await server.listenTls({ port: 0, host: '127.0.0.1' });
    const publisher = await RtmpPublisher.publish({ port, key: 'good', tls: true });
    open.push(publisher);
    expect(server.dump().publishers).toBe(1);
    const plain = await RtmpPublisher.open({ port });
    plain.sendRaw(new Uint8Array(1537).fill(3));
    await plain.closed;
    expect(server.dump().publishers).toBe(1);
  });

  test('of HEVC by enhanced RTMP is told that the server knows it', async () => {
    const { port, target } = await start();
    const publisher = await RtmpPublisher.open({ port });
    open.push(publisher);
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
    await until(() => expect(first(target).units).toHaveLength(1));
    expect(first(target).tracks).toMatchObject([{ codec: 'hevc', width: 640, height: 360 }]);
    expect(first(target).units).toMatchObject([{ dts: 0, pts: 66, keyframe: true }]);
  });

  test('of AV1 is refused in words, logged once with its peer', async () => {
    const { port, target, troubles } = await start();
    const publisher = await publish(port);
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
    expect(first(target).ended).toBe('protocol-error');
    expect(troubles()).toMatchObject([
      { fields: { peer: expect.stringContaining('127.0.0.1:') as string, reason: status.description } },
    ]);
  });

  test('may stop and publish again on the same connection', async () => {
    const { port, target } = await start();
    const publisher = await publish(port);
    publisher.sendCommand(1, 'closeStream', 0, null);
    expect((await publisher.status()).code).toBe('NetStream.Unpublish.Success');
    expect((await publisher.startPublishing('good')).code).toBe('NetStream.Publish.Start');
    expect(target.publications.map((each) => each.ended)).toEqual(['unpublished', undefined]);
  });

  test('gets acknowledgements for its window and answers to its pings', async () => {
    const { port } = await start();
    const publisher = await publish(port);
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
    publisher.sendTag('video', 0, filler(70_000));
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
    const { port, target } = await start();
    const publisher = await publish(port);
    first(target).evict('revoked');
    expect(await publisher.status()).toMatchObject({
      level: 'error',
      description: 'this stream key was revoked',
    });
    await publisher.closed;
    expect(first(target).ended).toBe('revoked');
  });

  test('whose connection breaks is lost; the same key is let in again at once', async () => {
    const { port, target } = await start();
    (await publish(port)).destroy();
    await until(() => expect(first(target).ended).toBe('connection-lost'));
    await publish(port);
    expect(target.publications).toHaveLength(2);
  });

  test('is told when the server stops', async () => {
    const { port, server, target } = await start();
    const publisher = await publish(port);
    const [status] = await Promise.all([publisher.status(), server.close()]);
    expect(status.description).toBe('the server is stopping, please reconnect');
    expect(first(target).ended).toBe('server-stopping');
  });
});

describe('refusals in words', () => {
  test('a wrong key, whose value is in no log', async () => {
    const { port, lines } = await start();
    await expect(publish(port, 'canary-key-1')).rejects.toThrow(
      'NetStream.Publish.Denied: this stream key is not known here',
    );
    expect(JSON.stringify(lines)).not.toContain('canary-key-1');
    expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  });

  test('a key in use, without disturbing its publisher', async () => {
    const { port, target } = await start();
    const publisher = await publish(port);
    publisher.sendTag('video', 0, avcConfig);
    await expect(publish(port)).rejects.toThrow(
      'NetStream.Publish.BadName: another encoder is live on this stream key',
    );
    publisher.sendTag('video', 0, picture(IDR));
    await until(() => expect(first(target).units).toHaveLength(1));
    expect(first(target).ended).toBeUndefined();
  });

  test('a key whose publisher has been silent for 1.5 s is taken over at the first try', async () => {
    const { port, target } = await start();
    const old = await publish(port);
    await until(() => expect(first(target).silentForMs()).toBeGreaterThan(1500));
    await publish(port);
    expect(target.publications.map((each) => each.ended)).toEqual(['taken-over', undefined]);
    await old.closed;
  });

  test('an unknown application, and names that look like paths', async () => {
    const { port } = await start();
    for (const app of ['vod', '', '../live', 'live/../x', '%6cive', 'live\0', 'x'.repeat(2000)]) {
      const publisher = await RtmpPublisher.open({ port });
      open.push(publisher);
      await publisher.shakeHands();
      expect((await publisher.connect(app)).code, app).toBe('NetConnection.Connect.InvalidApp');
      await publisher.closed;
    }
  });

  test('play, with the way to watch', async () => {
    const { port } = await start();
    const player = await connected(port);
    await player.call('createStream', null);
    player.sendCommand(1, 'play', 0, null, 'good');
    expect(await player.status()).toMatchObject({
      code: 'NetStream.Play.Failed',
      description: expect.stringContaining('HLS') as string,
    });
    await player.closed;
  });

  test('a failing authorizer is a server error, not a wrong key', async () => {
    const { port, troubles } = await start(
      {},
      { authorize: () => Promise.reject(new Error('database away')) },
    );
    await expect(publish(port)).rejects.toThrow(
      'NetStream.Publish.Failed: the server could not check the stream key',
    );
    expect(troubles()).toMatchObject([{ level: 'error' }, { level: 'warn' }]);
  });

  test('the tenth wrong key makes an address pause, right keys included', async () => {
    const { port } = await start();
    for (let i = 0; i < 10; i++) await expect(publish(port, `bad${i}`)).rejects.toThrow('not known');
    await expect(publish(port)).rejects.toThrow(
      'too many wrong stream keys from this address: try again in 10 min',
    );
  });
});

describe('limits at their edges', () => {
  test('a handshake may take its time-out and no more, whatever was sent', async () => {
    const { port, server } = await start({ handshakeTimeoutMs: 500 });
    const sent = [new Uint8Array(0), Uint8Array.of(3), new Uint8Array(1537).fill(3)];
    const publishers = await Promise.all(sent.map(() => RtmpPublisher.open({ port })));
    const startedMs = systemClock.monotonicMs();
    for (const [i, publisher] of publishers.entries()) publisher.sendRaw(sent[i] ?? new Uint8Array(0));
    await Promise.all(publishers.map((publisher) => publisher.closed));
    const tookMs = systemClock.monotonicMs() - startedMs;
    expect(tookMs).toBeGreaterThan(400);
    expect(tookMs).toBeLessThan(1500);
    await until(() => expect(server.dump().connections).toEqual([]));
  });

  test('a connection that does not publish in time is closed', async () => {
    const { port, troubles } = await start({ publishTimeoutMs: 400 });
    await (await connected(port)).closed;
    expect(troubles()).toMatchObject([{ event: 'connection did not publish in time' }]);
  });

  test('a publisher that falls silent is asked, then lost', async () => {
    const { port, target, troubles } = await start({ idleTimeoutMs: 1000 });
    const publisher = await publish(port);
    await publisher.message(
      (each) => each.type === MESSAGE_TYPE.userControl && each.payload[1] === 6,
      'a ping',
    );
    await publisher.closed;
    await until(() => expect(first(target).ended).toBe('connection-lost'));
    expect(troubles()).toMatchObject([{ event: 'publisher fell silent' }]);
  });

  test('ten connections of one address wait for a key, the eleventh is closed; publishers do not count', async () => {
    const { port, server } = await start();
    await publish(port, 'good1');
    const waiting = await Promise.all(Array.from({ length: 10 }, () => RtmpPublisher.open({ port })));
    open.push(...waiting);
    await until(() => expect(server.dump().preAuth).toBe(10));
    const refused = await RtmpPublisher.open({ port });
    await refused.closed;
    expect(server.dump()).toMatchObject({ preAuth: 10, publishers: 1, refusedAtCap: 1 });
    await RtmpPublisher.open({ port, localAddress: '127.0.0.2' }).then((other) => open.push(other));
    await until(() => expect(server.dump().preAuth).toBe(11));
  });

  test('half-open connections give way to a publisher after a second', async () => {
    const { port, server } = await start({ staleHandshakeMs: 200 });
    open.push(...(await Promise.all(Array.from({ length: 10 }, () => RtmpPublisher.open({ port })))));
    await until(() => expect(server.dump().connections.every((each) => each.silentForMs > 200)).toBe(true));
    await publish(port);
    expect(server.dump().publishers).toBe(1);
  });

  test('a message before the key may have 4096 bytes, not 4097', async () => {
    const { port, troubles } = await start();
    const message = (size: number) => ({
      type: 99,
      streamId: 0,
      timestampMs: 0,
      payload: new Uint8Array(size),
    });
    const publisher = await connected(port);
    publisher.sendMessage(8, message(4096));
    expect((await publisher.call('createStream', null)).name).toBe('_result');
    publisher.sendMessage(8, message(4097));
    expect((await publisher.status()).description).toBe('message of 4097 bytes exceeds 4096');
    await publisher.closed;
    expect(troubles()).toHaveLength(1);
  });

  test('a publisher’s message may have 8 MiB and not a byte more', async () => {
    const { port } = await start({ maxBitrateBps: 1e9 });
    const publisher = await publish(port);
    publisher.setChunkBytes(65_536);
    publisher.sendTag('video', 0, filler(8 * 1024 * 1024));
    expect((await publisher.call('getStreamLength', null, 'x')).args).toEqual([0]);
    publisher.sendTag('video', 0, filler(8 * 1024 * 1024 + 1));
    expect((await publisher.status()).description).toBe('message of 8388609 bytes exceeds 8388608');
  });

  test('an encoder above the bitrate cap is told so, one at the cap goes on', async () => {
    const { port, target } = await start({ maxBitrateBps: 800_000, bitrateBurstSec: 2 });
    const publisher = await publish(port);
    publisher.sendTag('video', 0, filler(150_000));
    await until(() => expect(first(target).silentForMs()).toBeGreaterThan(600));
    expect(first(target).ended).toBeUndefined();
    for (let i = 0; i < 5; i++) publisher.sendTag('video', 0, filler(100_000));
    expect((await publisher.status()).description).toBe(
      'the encoder sends more than 0.8 Mbit/s: lower its bitrate',
    );
  });

  test('a key of 256 characters is looked up, one of 257 is not', async () => {
    const { port } = await start();
    await publish(port, `good${'x'.repeat(252)}`);
    await expect(publish(port, `good${'x'.repeat(253)}`)).rejects.toThrow('257 characters');
    await expect(publish(port, '?token=x')).rejects.toThrow('the stream key is empty');
  });

  test('16 net streams are created, the 17th ends the connection', async () => {
    const { port } = await start();
    const publisher = await connected(port);
    for (let i = 1; i <= 16; i++) expect((await publisher.call('createStream', null)).args).toEqual([i]);
    await expect(publisher.call('createStream', null)).rejects.toThrow();
  });

  test('a peer that asks and does not read is closed', async () => {
    const { port, troubles } = await start({ maxBitrateBps: 1e12 });
    const publisher = await publish(port);
    publisher.socket.pause();
    const ping = {
      type: MESSAGE_TYPE.userControl,
      streamId: 0,
      timestampMs: 0,
      payload: Uint8Array.of(0, 6, 1, 2, 3, 4),
    };
    for (let i = 0; i < 2000 && troubles().length === 0; i++) {
      for (let j = 0; j < 1000; j++) publisher.sendMessage(2, ping);
      if (publisher.socket.writableNeedDrain && !publisher.socket.destroyed) {
        await Promise.race([once(publisher.socket, 'drain').catch(() => {}), publisher.closed]);
      }
    }
    await until(() => expect(troubles()).toMatchObject([{ event: 'peer does not read our answers' }]));
  });
});

describe('wrong types and broken bytes', () => {
  const values = [1, Number.NaN, true, 'x', null, undefined, { a: 1 }, [1, 'x'], { dateMs: 1 }, [[[]]]];

  test('every argument of every command may be of every type: others are not disturbed, one line each', async () => {
    const { port, target, lines, troubles } = await start({
      maxPreAuthConnectionsPerIp: 500,
      maxPreAuthConnections: 500,
      maxKeyFailuresPerMinute: 1e9,
    });
    const bystander = await publish(port, 'good-bystander');
    bystander.sendTag('video', 0, avcConfig);
    const names = [
      'connect',
      'createStream',
      'publish',
      'play',
      'deleteStream',
      'FCPublish',
      '@setDataFrame',
      'nonsense',
    ];
    for (const name of names) {
      for (const value of values) {
        const before = troubles().length;
        for (const build of [
          [name, value],
          [name, 2, value],
          [name, 2, null, value],
          [value, 2, null],
          [name, 2, { app: value }, value, value],
        ]) {
          const publisher = name === 'connect' ? await RtmpPublisher.open({ port }) : await connected(port);
          if (name === 'connect') await publisher.shakeHands();
          publisher.sendCommand(1, ...build);
          publisher.sendMessage(3, {
            type: MESSAGE_TYPE.dataAmf0,
            streamId: 1,
            timestampMs: 0,
            payload: writeAmf0(...build),
          });
          publisher.socket.end();
          await publisher.closed;
        }
        expect(troubles().length - before).toBeLessThanOrEqual(5);
      }
    }
    expect(lines.filter((line) => line.level === 'error')).toEqual([]);
    expect(troubles().every((line) => String(line.fields['peer']).startsWith('127.0.0.1:'))).toBe(true);
    bystander.sendTag('video', 0, picture(IDR));
    await until(() => expect(first(target).units).toHaveLength(1));
  });

  test('a corrupt publisher harms only itself', async () => {
    const { port, target, troubles } = await start();
    const [good, bad] = [await publish(port, 'good1'), await publish(port, 'good2')];
    good.sendTag('video', 0, avcConfig);
    bad.sendTag('video', 0, avcConfig);
    for (let i = 0; i < 100; i++) {
      good.sendTag('video', i * 33, picture(IDR));
      bad.sendTag('video', i * 33, [Uint8Array.of(0x17, 1, 0, 0, 0, 0, 0, i, 3)]);
      bad.sendTag('audio', i * 33, [Uint8Array.of(0xaf, i % 3, 1)]);
      bad.sendMessage(4, {
        type: MESSAGE_TYPE.dataAmf0,
        streamId: 1,
        timestampMs: 0,
        payload: Uint8Array.of(7, i),
      });
    }
    await until(() => expect(first(target).units).toHaveLength(100));
    await bad.unpublish();
    expect(target.publications[1]).toMatchObject({ units: [], ended: 'unpublished' });
    expect(troubles()).toHaveLength(1);
  });

  test('what is not RTMP is closed with one line', async () => {
    const { port, troubles } = await start();
    const scanner = await RtmpPublisher.open({ port });
    scanner.sendRaw(Buffer.from(`GET / HTTP/1.1\r\n${'x'.repeat(1600)}`));
    await scanner.closed;
    expect(troubles()).toMatchObject([
      { event: 'handshake failed', fields: { reason: 'not RTMP: first byte is 71, not 3' } },
    ]);
  });
});
