import { writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MESSAGE_TYPE } from '../../rtmp/rtmp-message.ts';
import { IDR } from './testing/sample-media.ts';
import {
  AVC_CONFIG_TAG,
  closeAll,
  connected,
  firstPublication,
  opened,
  pictureTag,
  publishing,
  startServer,
} from './testing/server-harness.ts';

afterEach(closeAll);

const until = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 4000, interval: 10 });

describe('wrong types and broken bytes', () => {
  const values = [1, Number.NaN, true, 'x', null, undefined, { a: 1 }, [1, 'x'], { dateMs: 1 }, [[[]]]];

  test('every argument of every command may be of every type: others are not disturbed, one line each', async () => {
    const { port, target, lines, troubles } = await startServer({
      maxPreAuthConnectionsPerIp: 500,
      maxPreAuthConnections: 500,
      maxKeyFailuresPerMinute: 1e9,
    });
    const bystander = await publishing(port, 'good-bystander');
    bystander.sendTag('video', 0, AVC_CONFIG_TAG);
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
          const publisher = name === 'connect' ? await opened(port) : await connected(port);
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
    bystander.sendTag('video', 0, pictureTag(IDR));
    await until(() => expect(firstPublication(target).units).toHaveLength(1));
  });

  test('a corrupt publisher harms only itself', async () => {
    const { port, target, troubles } = await startServer();
    const [good, bad] = [await publishing(port, 'good1'), await publishing(port, 'good2')];
    good.sendTag('video', 0, AVC_CONFIG_TAG);
    bad.sendTag('video', 0, AVC_CONFIG_TAG);
    for (let i = 0; i < 100; i++) {
      good.sendTag('video', i * 33, pictureTag(IDR));
      bad.sendTag('video', i * 33, [Uint8Array.of(0x17, 1, 0, 0, 0, 0, 0, i, 3)]);
      bad.sendTag('audio', i * 33, [Uint8Array.of(0xaf, i % 3, 1)]);
      bad.sendMessage(4, {
        type: MESSAGE_TYPE.dataAmf0,
        streamId: 1,
        timestampMs: 0,
        payload: Uint8Array.of(7, i),
      });
    }
    await until(() => expect(firstPublication(target).units).toHaveLength(100));
    await bad.unpublish();
    expect(target.publications[1]).toMatchObject({ units: [], ended: 'unpublished' });
    expect(troubles()).toHaveLength(1);
  });

  test('what is not RTMP is closed with one line', async () => {
    const { port, troubles } = await startServer();
    const scanner = await opened(port);
    scanner.sendRaw(Buffer.from(`GET / HTTP/1.1\r\n${'x'.repeat(1600)}`));
    await scanner.closed;
    expect(troubles()).toMatchObject([
      { event: 'handshake failed', fields: { reason: 'not RTMP: first byte is 71, not 3' } },
    ]);
  });
});
