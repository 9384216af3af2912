import { LivestreamError, liveError } from '@tallylight/protocol/errors.ts';
import { defineRoute } from '@tallylight/protocol/route.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ApiReply } from './route-handler.ts';
import { ApiServer, account, asActor } from './testing/api-server.ts';

const id = '0192f0c0-0000-7000-8000-000000000001';
const base = { tag: 'test', summary: 'A test', response: z.unknown() } as const;
const read = defineRoute({
  ...base,
  ...{ method: 'GET', path: '/api/things/:id', operation: 'read', access: 'public', bothSpellings: true },
  params: z.object({ id: z.uuid() }),
  query: z.object({ pageSize: z.coerce.number().int().default(10), tags: z.array(z.string()).optional() }),
  response: z.object({ thingId: z.string(), pageSize: z.number(), tags: z.array(z.string()).optional() }),
});
const write = defineRoute({
  ...base,
  ...{
    method: 'POST',
    path: '/api/things',
    operation: 'write',
    access: 'account',
    bothSpellings: true,
    status: 201,
  },
  body: z.object({ channelId: z.string(), count: z.number().max(5).optional() }),
  response: z.object({ channelId: z.string() }),
});
const fail = defineRoute({
  ...base,
  ...{ method: 'GET', path: '/api/fail/:how', operation: 'fail', access: 'public' },
  params: z.object({ how: z.string() }),
});
const wrong = defineRoute({
  ...base,
  ...{ method: 'GET', path: '/api/wrong', operation: 'wrong', access: 'public' },
  response: z.object({ a: z.number() }),
});
const feed = defineRoute({
  ...base,
  ...{ method: 'GET', path: '/api/feed.ics', operation: 'feed', access: 'public', produces: 'text/calendar' },
});

let server: ApiServer;
const logged: unknown[] = [];

beforeAll(async () => {
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object) => void logged.push(fields),
    child: () => log,
  };
  server = await ApiServer.start(
    (api) => {
      api.on(read, async ({ params, query }) => ({ thingId: params.id, secret: 'x', ...query }));
      api.on(write, async ({ body }) => body);
      api.on(wrong, async () => ({ a: 'text' }) as never);
      api.on(feed, async () => new ApiReply('BEGIN', { headers: { 'Cache-Control': 'public' } }));
      api.on(fail, async ({ params: { how } }) => {
        if (how === 'slow') throw liveError('SLOW_MODE', 'wait', { retryAfterSeconds: 2.4 });
        if (how === 'away') throw liveError('UNAVAILABLE', 'the database is away');
        if (how === 'known') throw new LivestreamError('gone', 'NOT_FOUND', 404);
        throw new Error('password hunter2 of postgres://');
      });
    },
    { log },
  );
});
afterAll(() => server.close());

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : text,
  };
}

const me = asActor(account(id));
const json = { ...me, 'content-type': 'application/json' };

describe('Api', () => {
  test('validates params and query, and answers what the schema names, in both spellings', async () => {
    const { status, body, headers } = await call(`/api/things/${id}?page_size=3&tags=a&tags=b`);
    expect(status).toBe(200);
    expect(body).toEqual({ thingId: id, thing_id: id, pageSize: 3, page_size: 3, tags: ['a', 'b'] });
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a refusal is text, code and details', async () => {
    const { status, body } = await call('/api/things/7');
    expect(status).toBe(400);
    expect(body).toEqual({
      error: 'id: Invalid UUID',
      code: 'INVALID_REQUEST',
      message: 'id: Invalid UUID',
      details: [{ path: 'params.id', message: 'Invalid UUID' }],
    });
  });

  test('takes a body in either spelling, and gives the route’s status', async () => {
    const body = JSON.stringify({ channel_id: 'c', userId: 'someone else' });
    const answer = await call('/api/things', { method: 'POST', body, headers: json });
    expect([answer.status, answer.body]).toEqual([201, { channelId: 'c', channel_id: 'c' }]);
  });

  test('who may call is checked before the body is read', async () => {
    const body = 'no JSON';
    const nobody = await call('/api/things', { method: 'POST', body });
    expect([nobody.status, nobody.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    const guest = asActor(account(id, { isGuest: true }));
    const refused = await call('/api/things', { method: 'POST', body, headers: guest });
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
  });

  test.each([
    ['slow', 429, 'SLOW_MODE', '3'],
    ['away', 503, 'UNAVAILABLE', '1'],
    ['known', 404, 'NOT_FOUND', null],
  ])('an error of the catalogue (%s) is %i %s', async (how, status, code, retryAfter) => {
    const answer = await call(`/api/fail/${how}`);
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
      status,
      code,
      retryAfter,
    ]);
  });

  test('an error that nobody foresaw is logged, and its words stay here', async () => {
    const { status, body } = await call('/api/fail/bug');
    expect([status, body.code]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(logged.at(-1)).toMatchObject({
      operation: 'fail',
      err: { message: expect.stringContaining('hunter2') },
    });
  });

  test('an answer that is not of its schema is a mistake of ours', async () => {
    expect((await call('/api/wrong')).status).toBe(500);
  });

  test('what is not JSON goes out as it is', async () => {
    const { body, headers } = await call('/api/feed.ics');
    expect([body, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      'BEGIN',
      'text/calendar',
      'public',
    ]);
  });

  test('an unknown path is 404 of the catalogue', async () => {
    const { status, body } = await call('/api/nothing');
    expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('a path that is no UTF-8 is 400 of the catalogue', async () => {
    const { status, body } = await call('/api/fail/%ff');
    expect([status, body.code]).toEqual([400, 'INVALID_REQUEST']);
  });

  test('another method is 405 with Allow; OPTIONS tells the methods; HEAD is GET without its body', async () => {
    const put = await call('/api/things', { method: 'PUT' });
    expect([put.status, put.body.code, put.headers.get('allow')]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      'POST, OPTIONS',
    ]);
    const options = await call(`/api/things/${id}`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const head = await call(`/api/things/${id}`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
  });

  test('a path is taken once, whatever its parameters are called', () => {
    expect(() => server.api.on({ ...read, path: '/api/things/:other' }, async () => ({}) as never)).toThrow(
      TypeError,
    );
  });

  test('other paths are left to others', async () => {
    expect((await call('/apis')).status).toBe(404);
    expect((await call('/apis')).body).toBe('not found\n');
  });
});
