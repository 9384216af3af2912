import { expect, test, vi } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { StreamsHarness } from '../streams/testing/streams-harness.ts';
import { DatabasePublishAuthorizer } from './database-publish-authorizer.ts';

test('as many as may be remembered are; for one more the longest known is forgotten', async () => {
  const harness = await StreamsHarness.create();
  try {
    const { database, ring, streams, clock } = harness;
    const authorizer = new DatabasePublishAuthorizer({
      ...{ database, ring, streams, clock, log: silentLogger, limits: { maxRemembered: 2 } },
    });
    const authorize = async (streamKey: string): Promise<boolean> =>
      (await authorizer.authorize({ protocol: 'rtmp', app: '', streamKey, peer: '' })).allowed;
    const owner = await harness.person('owner');
    const channelId = await harness.channel({ owner });
    const keys: string[] = [];
    for (let n = 0; n < 3; n += 1) keys.push((await harness.stream(owner, channelId)).key);
    const [first = '', second = '', third = ''] = keys;
    /** Which are let in while nobody can be asked. */
    const remembered = async (): Promise<boolean[]> => {
      const away = vi.spyOn(database, 'asService').mockRejectedValue(new Error('connection refused'));
      try {
        return await Promise.all(keys.map(authorize));
      } finally {
        away.mockRestore();
      }
    };
    expect([await authorize(first), await authorize(second)]).toEqual([true, true]);
    expect(await remembered()).toEqual([true, true, false]);
    // Whoever publishes again is known anew.
    expect([await authorize(first), await authorize(third)]).toEqual([true, true]);
    expect(await remembered()).toEqual([true, false, true]);
  } finally {
    await harness.close();
  }
});
