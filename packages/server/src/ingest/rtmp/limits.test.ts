import { once } from 'node:events';
import { writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { ChunkWriter } from '../../rtmp/chunk-writer.ts';
import { MESSAGE_TYPE } from '../../rtmp/rtmp-message.ts';
import {
  closeAll,
  connected,
  fillerTag,
  firstPublication,
  opened,
  publishing,
  startServer,
} from './testing/server-harness.ts';

afterEach(closeAll);

const until = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 4000, interval: 10 });

describe('limits at their edges', () => {
  test('a handshake may take its time-out and no more, whatever was sent', async () => {
    const { port, server } = await startServer({ handshakeTimeoutMs: 500 });
    const sent = [new Uint8Array(0), Uint8Array.of(3), new Uint8Array(1537).fill(3)];
    const publishers = await Promise.all(sent.map(() => opened(port)));
    const startedMs = systemClock.monotonicMs();
    for (const [i, publisher] of publishers.entries()) publisher.sendRaw(sent[i] ?? new Uint8Array(0));
    await Promise.all(publishers.map((publisher) => publisher.closed));
    const tookMs = systemClock.monotonicMs() - startedMs;
    expect(tookMs).toBeGreaterThan(400);
    expect(tookMs).toBeLessThan(1500);
    await until(() => expect(server.dump().connections).toEqual([]));
  });

  test('a connection that does not publish in time is closed', async () => {
    const { port, troubles } = await startServer({ publishTimeoutMs: 400 });
    await (await connected(port)).closed;
    expect(troubles()).toMatchObject([{ event: 'connection did not publish in time' }]);
  });

  test('a publisher that falls silent is asked, then lost', async () => {
    const { port, target, troubles } = await startServer({ idleTimeoutMs: 1000 });
    const publisher = await publishing(port);
    await publisher.message(
      (each) => each.type === MESSAGE_TYPE.userControl && each.payload[1] === 6,
      'a ping',
    );
    await publisher.closed;
    await until(() => expect(firstPublication(target).ended).toBe('connection-lost'));
    expect(troubles()).toMatchObject([{ event: 'publisher fell silent' }]);
  });

  test('ten connections of one address wait for a key, the eleventh is closed; publishers do not count', async () => {
    const { port, server } = await startServer();
    await publishing(port, 'good1');
    await Promise.all(Array.from({ length: 10 }, () => opened(port)));
    await until(() => expect(server.dump().preAuth).toBe(10));
    const refused = await opened(port);
    await refused.closed;
    expect(server.dump()).toMatchObject({ preAuth: 10, publishers: 1, refusedAtCap: 1 });
    await opened(port, '127.0.0.2');
    await until(() => expect(server.dump().preAuth).toBe(11));
  });

  test('half-open connections give way to a publisher after a second', async () => {
    const { port, server } = await startServer({ staleHandshakeMs: 200 });
    await Promise.all(Array.from({ length: 10 }, () => opened(port)));
    await until(() => expect(server.dump().connections.every((each) => each.silentForMs > 200)).toBe(true));
    await publishing(port);
    expect(server.dump().publishers).toBe(1);
  });

  test('a message before the key may have 4096 bytes, not 4097', async () => {
    const { port, troubles } = await startServer();
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
    const { port } = await startServer({ maxBitrateBps: 1e9 });
    const publisher = await publishing(port);
    publisher.setChunkBytes(65_536);
    publisher.sendTag('video', 0, fillerTag(8 * 1024 * 1024));
    expect((await publisher.call('getStreamLength', null, 'x')).args).toEqual([0]);
    publisher.sendTag('video', 0, fillerTag(8 * 1024 * 1024 + 1));
    expect((await publisher.status()).description).toBe('message of 8388609 bytes exceeds 8388608');
  });

  test('an encoder above the bitrate cap is told so, one at the cap goes on', async () => {
    const { port, target } = await startServer({ maxBitrateBps: 800_000, bitrateBurstSec: 2 });
    const publisher = await publishing(port);
    publisher.sendTag('video', 0, fillerTag(150_000));
    await until(() => expect(firstPublication(target).silentForMs()).toBeGreaterThan(600));
    expect(firstPublication(target).ended).toBeUndefined();
    for (let i = 0; i < 5; i++) publisher.sendTag('video', 0, fillerTag(100_000));
    expect((await publisher.status()).description).toBe(
      'the encoder sends more than 0.8 Mbit/s: lower its bitrate',
    );
  });

  test('a stream’s own limit cuts its publisher and nobody else, one and a half times the limit is borne', async () => {
    const { port, target } = await startServer(
      { maxBitrateBps: 8_000_000, bitrateBurstSec: 2 },
      {
        authorize: async ({ streamKey }) => ({
          ...{ allowed: true, streamId: streamKey, keyId: streamKey },
          ...(streamKey === 'limited' ? { maxBitrateBps: 800_000 } : {}),
        }),
      },
    );
    const [limited, other] = [await publishing(port, 'limited'), await publishing(port, 'other')];
    // Two seconds at 1.2 Mbit/s are 300 000 bytes.
    for (const publisher of [limited, other]) publisher.sendTag('video', 0, fillerTag(290_000));
    await until(() => expect(firstPublication(target).silentForMs()).toBeGreaterThan(600));
    expect(target.publications.map(({ ended }) => ended)).toEqual([undefined, undefined]);
    for (const publisher of [other, limited]) publisher.sendTag('video', 0, fillerTag(500_000));
    expect((await limited.status()).description).toBe(
      'the encoder sends more than the 800 kbit/s that this stream allows: lower its bitrate',
    );
    expect((await other.call('getStreamLength', null, 'x')).args).toEqual([0]);
    expect(target.publications.map(({ ended }) => ended)).toEqual(['protocol-error', undefined]);
  });

  test('a stream’s limit above the server’s changes nothing', async () => {
    const { port } = await startServer(
      { maxBitrateBps: 800_000, bitrateBurstSec: 2 },
      { authorize: async () => ({ allowed: true, streamId: 's', keyId: 'k', maxBitrateBps: 6_000_000 }) },
    );
    const publisher = await publishing(port);
    publisher.sendTag('video', 0, fillerTag(500_000));
    expect((await publisher.status()).description).toBe(
      'the encoder sends more than 0.8 Mbit/s: lower its bitrate',
    );
  });

  test('a key of 256 characters is looked up, one of 257 is not', async () => {
    const { port } = await startServer();
    await publishing(port, `good${'x'.repeat(252)}`);
    await expect(publishing(port, `good${'x'.repeat(253)}`)).rejects.toThrow('257 characters');
    await expect(publishing(port, '?token=x')).rejects.toThrow('the stream key is empty');
  });

  test('16 net streams are created, the 17th ends the connection', async () => {
    const { port } = await startServer();
    const publisher = await connected(port);
    for (let i = 1; i <= 16; i++) expect((await publisher.call('createStream', null)).args).toEqual([i]);
    await expect(publisher.call('createStream', null)).rejects.toThrow();
  });

  test('a peer that asks and does not read is closed', async () => {
    const { port, troubles } = await startServer({ maxBitrateBps: 1e12 });
    const publisher = await publishing(port);
    publisher.socket.pause();
    // Answers far longer than the questions, enough of them to fill the kernel's buffers of both sides.
    const payload = writeAmf0('nonsense', 9, null);
    const question = new ChunkWriter().write(3, {
      type: MESSAGE_TYPE.commandAmf0,
      streamId: 0,
      timestampMs: 0,
      payload,
    });
    const questions = Buffer.concat(Array<Uint8Array>(2000).fill(question));
    for (let i = 0; i < 200 && troubles().length === 0; i++) {
      if (publisher.sendRaw(questions)) continue;
      await Promise.race([once(publisher.socket, 'drain').catch(() => {}), publisher.closed]);
    }
    await until(() => expect(troubles()).toMatchObject([{ event: 'peer does not read our answers' }]));
  });
});
