import { describe, expect, test } from 'vitest';
import { anyOf } from './any-of.ts';
import { MemoryKey } from './memory-key.ts';

const request = { protocol: 'rtmp', app: 'live', peer: '127.0.0.1:1' };

describe('MemoryKey', () => {
  test('allows its own key and no other', async () => {
    const demo = new MemoryKey('demo');
    expect(await demo.authorize({ ...request, streamKey: demo.streamKey })).toEqual({
      allowed: true,
      streamId: 'demo',
      keyId: 'memory_demo',
    });
    for (const streamKey of [
      '',
      demo.streamKey.slice(1),
      `${demo.streamKey} `,
      new MemoryKey('demo').streamKey,
    ]) {
      expect(await demo.authorize({ ...request, streamKey })).toMatchObject({ allowed: false });
    }
  });
});

describe('anyOf', () => {
  test('allows what any allows, in order', async () => {
    const [one, two] = [new MemoryKey('one'), new MemoryKey('two')];
    const both = anyOf([one, two]);
    expect(await both.authorize({ ...request, streamKey: one.streamKey })).toMatchObject({ streamId: 'one' });
    expect(await both.authorize({ ...request, streamKey: two.streamKey })).toMatchObject({ streamId: 'two' });
    expect(await both.authorize({ ...request, streamKey: 'neither' })).toMatchObject({ allowed: false });
  });
});
