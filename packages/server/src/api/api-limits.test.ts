import { liveError } from '@tallylight/protocol/errors.ts';
import { defineRoute } from '@tallylight/protocol/route.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpServer } from '../http/server.ts';
import { silentLogger } from '../platform/logger.ts';
import { type ActorResolver, NOBODY } from './actor.ts';
import type { ApiLimits } from './api-limits.ts';
import { ApiServer, account, asActor } from './testing/api-server.ts';

const base = { tag: 'test', summary: 'A test', response: z.unknown(), access: 'public' } as const;
const get = defineRoute({
  ...base,
  method: 'GET',
  path: '/api/get',
  operation: 'get',
  query: z.looseObject({}),
});
const post = defineRoute({
  ...base,
  method: 'POST',
  path: '/api/post',
  operation: 'post',
  body: z.unknown(),
});
const auth = defineRoute({
  ...base,
  tag: 'accounts',
  method: 'POST',
  path: '/api/auth-x',
  operation: 'auth',
  body: z.unknown(),
});
const image = defineRoute({
  ...base,
  ...{ method: 'POST', path: '/api/image', operation: 'image', consumes: ['image/png'] },
});
const beat = defineRoute({ ...base, method: 'GET', path: '/api/beat', operation: 'beat', uncounted: true });
const secret = defineRoute({
  ...base,
  ...{ method: 'GET', path: '/api/secret', operation: 'secret', access: 'account', stepUp: true },
});

let server: ApiServer;
let calls = 0;

async function start(limits: Partial<ApiLimits>, nowMs = 0): Promise<void> {
  calls = 0;
  const count = async (): Promise<object> => ({ calls: ++calls });
  server = await ApiServer.start(
    (api) => {
      for (const route of [get, post, auth, beat, secret]) api.on(route, count);
      api.on(image, async ({ body }) => ({ bytes: body.length }));
    },
    { limits, clock: { now: () => nowMs, monotonicMs: () => nowMs } },
  );
}
afterEach(() => server.close());

async function send(path: string, body: string, type = 'application/json') {
  const response = await fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });
  return { status: response.status, body: (await response.json()) as { code?: string; bytes?: number } };
}

/** A JSON text of so many bytes. */
const sized = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('limits of the API', () => {
  test.each([
    ['/api/post', 262_144, 'application/json'],
    ['/api/auth-x', 16_384, 'application/json'],
    ['/api/image', 5_242_880, 'image/png'],
  ])('a body for %s has at most %i bytes, else 413', async (path, bytes, type) => {
    await start({});
    expect((await send(path, sized(bytes), type)).status).toBe(200);
    const more = await send(path, sized(bytes + 1), type);
    expect([more.status, more.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  test('a body that does not tell its length is cut off at the same place', async () => {
    await start({ maxBodyBytes: 1000 });
    const pieces = new Blob([sized(1001)]).stream();
    const init = {
      method: 'POST',
      body: pieces,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    };
    expect((await fetch(`${server.url}/api/post`, init)).status).toBe(413);
  });

  test('a body that does not come is 408', async () => {
    await start({ bodyTimeoutMs: 50 });
    const never = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{')),
    });
    const init = {
      method: 'POST',
      body: never,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    };
    const response = await fetch(`${server.url}/api/post`, init);
    expect([response.status, await response.json()]).toMatchObject([408, { code: 'REQUEST_TIMEOUT' }]);
  });

  test('a JSON body has at most 16 levels', async () => {
    await start({});
    expect((await send('/api/post', nested(16))).status).toBe(200);
    expect((await send('/api/post', nested(17))).status).toBe(400);
    expect((await send('/api/post', nested(100_000))).status).toBe(400);
  });

  test('a query has at most 50 parameters', async () => {
    await start({});
    const query = (count: number): string => Array.from({ length: count }, (_, at) => `a${at}=`).join('&');
    expect((await fetch(`${server.url}/api/get?${query(50)}`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/get?${query(51)}`)).status).toBe(400);
  });

  test('a URL has at most 2048 bytes, whatever the HTTP server allows', async () => {
    await start({});
    const http = new HttpServer({
      ...{ host: '127.0.0.1', httpPort: 0, handlers: [server.api], log: silentLogger },
      limits: { maxUrlBytes: 10_000 },
    });
    const url = `http://127.0.0.1:${(await http.listen()).httpPort}`;
    const path = (bytes: number): string => `/api/get?${'a'.repeat(bytes - 9)}`;
    expect((await fetch(url + path(2048))).status).toBe(200);
    const longer = await fetch(url + path(2049));
    expect([longer.status, await longer.json()]).toMatchObject([414, { code: 'URI_TOO_LONG' }]);
    await http.close();
  });

  test('a user has 300 requests a minute, wherever they come from; then 429 that tells how long to wait', async () => {
    await start({});
    const headers = asActor(account('0192f0c0-0000-7000-8000-000000000001'));
    const call = (): Promise<Response> => fetch(`${server.url}/api/get`, { headers });
    const first = await call();
    expect(first.headers.get('ratelimit-limit')).toBe('300');
    expect(first.headers.get('ratelimit-remaining')).toBe('299');
    for (let at = 2; at <= 300; at++) expect((await call()).status).toBe(200);
    const refused = await call();
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'RATE_LIMITED' }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(calls).toBe(300);
    // Another user, and nobody, are not concerned.
    expect((await fetch(`${server.url}/api/get`, { headers: asActor(account('other')) })).status).toBe(200);
    expect((await fetch(`${server.url}/api/get`)).status).toBe(200);
  });

  test('nobody has 60 a minute from one address, whatever they claim to be', async () => {
    await start({ exemptLoopback: false });
    const call = (at: number): Promise<Response> =>
      fetch(`${server.url}/api/get`, {
        headers: { 'x-forwarded-for': `10.0.0.${at}`, 'x-user-id': `${at}`, 'user-agent': `${at}` },
      });
    for (let at = 1; at <= 60; at++) expect((await call(at)).status).toBe(200);
    expect((await call(61)).status).toBe(429);
    // Players behind one address beat on.
    expect((await fetch(`${server.url}/api/beat`)).status).toBe(200);
  });

  test('tokens that are none count as nobody’s requests', async () => {
    await start({ exemptLoopback: false });
    const guess = (): Promise<Response> =>
      fetch(`${server.url}/api/get`, { headers: { authorization: 'Test no JSON' } });
    for (let at = 1; at <= 60; at++) expect((await guess()).status).toBe(500);
    expect((await guess()).status).toBe(429);
  });

  test('after 20 bad tokens in a minute the tokens of an address are refused before they are looked up', async () => {
    let lookedUp = 0;
    const actors: ActorResolver = {
      async resolve({ authorization, cookie }) {
        lookedUp++;
        if (authorization === 'Bearer bad') throw liveError('UNAUTHENTICATED', 'unknown');
        return cookie === undefined ? NOBODY : account('u');
      },
    };
    let address = '192.0.2.1';
    server = await ApiServer.start((api) => api.on(get, async () => ({})), {
      ...{ actors, clientAddress: () => address },
      limits: { anonymousRequestsPerMinute: 1000 },
    });
    const call = async (token: string): Promise<number> =>
      (await fetch(`${server.url}/api/get`, { headers: { authorization: `Bearer ${token}` } })).status;
    for (let at = 1; at <= 19; at++) expect(await call('bad')).toBe(401);
    expect(await call('good')).toBe(200);
    expect(await call('bad')).toBe(401);
    lookedUp = 0;
    expect([await call('bad'), await call('good'), lookedUp]).toEqual([429, 429, 0]);
    // Pages with a session are not concerned, nor other addresses.
    expect((await fetch(`${server.url}/api/get`, { headers: { cookie: 'a=b' } })).status).toBe(200);
    address = '192.0.2.2';
    expect(await call('good')).toBe(200);
  });

  test('bad tokens sent at once are looked up a few at a time, and no more than 20', async () => {
    let [inside, most, lookedUp] = [0, 0, 0];
    const actors: ActorResolver = {
      async resolve() {
        lookedUp++;
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
        throw liveError('UNAUTHENTICATED', 'unknown');
      },
    };
    server = await ApiServer.start((api) => api.on(get, async () => ({})), {
      ...{ actors, clientAddress: () => '192.0.2.1' },
      limits: { anonymousRequestsPerMinute: 1000 },
    });
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const headers = { authorization: 'Bearer bad' };
        return (await fetch(`${server.url}/api/get`, { headers })).status;
      }),
    );
    expect(most).toBeLessThanOrEqual(4);
    expect(lookedUp).toBeLessThanOrEqual(23);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(27);
  });

  test('this machine’s own requests are not counted, those that a proxy on it sends for others are', async () => {
    await start({});
    const call = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${server.url}/api/get`, { headers })).status;
    for (let at = 1; at <= 61; at++) expect(await call({})).toBe(200);
    for (let at = 1; at <= 60; at++) expect(await call({ 'x-forwarded-for': `192.0.2.${at}` })).toBe(200);
    expect(await call({ 'x-forwarded-for': '192.0.2.61' })).toBe(429);
    expect(await call({})).toBe(200);
  });

  test('a password or passkey is good for five minutes', async () => {
    const now = 1_000_000;
    await start({}, now);
    const call = async (provenAtMs: number | undefined): Promise<unknown> => {
      const actor = account('u', provenAtMs === undefined ? {} : { provenAtMs });
      const response = await fetch(`${server.url}/api/secret`, { headers: asActor(actor) });
      return [response.status, ((await response.json()) as { code?: string }).code];
    };
    expect(await call(now - 300_000)).toEqual([200, undefined]);
    expect(await call(now - 300_001)).toEqual([401, 'STEP_UP_REQUIRED']);
    expect(await call(undefined)).toEqual([401, 'STEP_UP_REQUIRED']);
  });
});
