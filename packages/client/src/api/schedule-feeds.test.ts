import { expect, test } from 'vitest';
import { ScheduleFeeds } from './schedule-feeds.ts';

/** Feeds before a server that answers each request with the next of these. */
function feedsBefore(...answers: [status: number, body: unknown][]) {
  const requests: string[] = [];
  const fake: typeof fetch = async (url, init = {}) => {
    requests.push(`${init.method} ${url instanceof Request ? url.url : `${url}`}`);
    const [status, body] = answers.shift() ?? [500, {}];
    return Response.json(body, { status });
  };
  return { requests, feeds: new ScheduleFeeds({ baseUrl: 'https://live.test', fetch: fake, retries: 0 }) };
}

test('the address of a feed is read and renewed', async () => {
  const { requests, feeds } = feedsBefore(
    [200, { url: 'https://live.test/1' }],
    [200, { url: 'https://live.test/2' }],
  );
  expect([await feeds.address('c'), await feeds.renew('c')]).toEqual([
    'https://live.test/1',
    'https://live.test/2',
  ]);
  expect(requests).toEqual([
    'GET https://live.test/api/channels/c/schedule-url',
    'POST https://live.test/api/channels/c/schedule-url',
  ]);
});

test('a channel that is not there is said by the server’s error', async () => {
  const { feeds } = feedsBefore([404, { error: 'x', code: 'NOT_FOUND', message: 'x' }]);
  await expect(feeds.renew('c')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
