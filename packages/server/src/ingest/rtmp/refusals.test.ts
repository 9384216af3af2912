import { afterEach, describe, expect, test, vi } from 'vitest';
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

describe('refusals in words', () => {
  test('a wrong key, whose value is in no log', async () => {
    const { port, lines } = await startServer();
    await expect(publishing(port, 'canary-key-1')).rejects.toThrow(
      'NetStream.Publish.Denied: this stream key is not known here',
    );
    expect(JSON.stringify(lines)).not.toContain('canary-key-1');
    expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  });

  test('a key in use, without disturbing its publisher', async () => {
    const { port, target } = await startServer();
    const publisher = await publishing(port);
    publisher.sendTag('video', 0, AVC_CONFIG_TAG);
    await expect(publishing(port)).rejects.toThrow(
      'NetStream.Publish.BadName: another encoder is live on this stream key',
    );
    publisher.sendTag('video', 0, pictureTag(IDR));
    await until(() => expect(firstPublication(target).units).toHaveLength(1));
    expect(firstPublication(target).ended).toBeUndefined();
  });

  test('a key whose publisher has been silent for 1.5 s is taken over at the first try', async () => {
    const { port, target } = await startServer();
    const old = await publishing(port);
    await until(() => expect(firstPublication(target).silentForMs()).toBeGreaterThan(1500));
    await publishing(port);
    expect(target.publications.map((each) => each.ended)).toEqual(['taken-over', undefined]);
    await old.closed;
  });

  test('an unknown application, and names that look like paths', async () => {
    const { port } = await startServer();
    for (const app of ['vod', '', '../live', 'live/../x', '%6cive', 'live\0', 'x'.repeat(2000)]) {
      const publisher = await opened(port);
      await publisher.shakeHands();
      expect((await publisher.connect(app)).code, app).toBe('NetConnection.Connect.InvalidApp');
      await publisher.closed;
    }
  });

  test('play, with the way to watch', async () => {
    const { port } = await startServer();
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
    const { port, troubles } = await startServer(
      {},
      { authorize: () => Promise.reject(new Error('database away')) },
    );
    await expect(publishing(port)).rejects.toThrow(
      'NetStream.Publish.Failed: the server could not open the stream',
    );
    expect(troubles()).toMatchObject([{ level: 'error' }, { level: 'warn' }]);
  });

  test('the tenth wrong key makes an address pause, right keys included', async () => {
    const { port } = await startServer();
    for (let i = 0; i < 10; i++) await expect(publishing(port, `bad${i}`)).rejects.toThrow('not known');
    await expect(publishing(port)).rejects.toThrow(
      'too many wrong stream keys from this address: try again in 10 min',
    );
  });
});
