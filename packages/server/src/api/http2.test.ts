import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineRoute } from '@tallylight/protocol/route.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { selfSignedIdentity } from '../http/self-signed.ts';
import { HttpServer } from '../http/server.ts';
import { connectHttp2, fetchHttp2, fetchOnce } from '../http/testing/raw-client.ts';
import { silentLogger } from '../platform/logger.ts';
import { ApiServer, account, asActor } from './testing/api-server.ts';

const echo = defineRoute({
  ...{
    method: 'POST',
    path: '/api/echo/:id',
    operation: 'echo',
    summary: 'A test',
    tag: 'test',
    access: 'account',
  },
  params: z.object({ id: z.string() }),
  body: z.object({ words: z.string().max(10) }),
  response: z.object({ id: z.string(), words: z.string() }),
});

let api: ApiServer;
let server: HttpServer;
let url: string;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-api-'));
  api = await ApiServer.start((routes) =>
    routes.on(echo, async ({ params, body }) => ({ ...params, ...body })),
  );
  server = new HttpServer({
    ...{ host: '127.0.0.1', httpPort: 0, handlers: [api.api], log: silentLogger },
    https: { port: 0, identity: await selfSignedIdentity(directory, Date.now()) },
  });
  url = `https://127.0.0.1:${(await server.listen()).httpsPort}`;
});
afterAll(async () => {
  await server.close();
  await api.close();
  await rm(directory, { recursive: true });
});

const me = asActor(account('u'));
const body = JSON.stringify({ words: 'hello' });

test('the API answers HTTP/2 as it answers HTTP/1.1 over TLS: success, refusals, wrong methods', async () => {
  const session = connectHttp2(url);
  const ask = async (method: string, path: string, headers: Record<string, string>, sent?: string) => {
    const two = await fetchHttp2(session, { ':method': method, ':path': path, ...headers }, sent);
    const one = await fetchOnce(url + path, {
      method,
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    });
    expect([two.status, two.body.toString(), two.headers['content-type']]).toEqual([
      one.status,
      one.body.toString(),
      one.headers['content-type'],
    ]);
    return [two.status, two.body.length === 0 ? undefined : JSON.parse(two.body.toString())];
  };
  const json = { ...me, 'content-type': 'application/json' };
  expect(await ask('POST', '/api/echo/7', json, body)).toEqual([200, { id: '7', words: 'hello' }]);
  expect(await ask('POST', '/api/echo/7', json, '{"words":"longer than ten"}')).toMatchObject([400, {}]);
  expect(await ask('POST', '/api/echo/7', me, body)).toMatchObject([415, {}]);
  expect(await ask('POST', '/api/echo/7', {}, body)).toMatchObject([401, {}]);
  expect(await ask('POST', '/api/echo/7', json, 'x'.repeat(300_000))).toMatchObject([413, {}]);
  expect(await ask('GET', '/api/echo/7', me)).toMatchObject([405, {}]);
  expect(await ask('GET', '/api/none', me)).toMatchObject([404, {}]);
  // Its own page, whose address HTTP/2 tells by a pseudo-header; and one that says http where we speak TLS.
  const cookie = {
    cookie: `actor=${encodeURIComponent(JSON.stringify(account('u')))}`,
    'content-type': 'application/json',
  };
  expect(await ask('POST', '/api/echo/7', { ...cookie, origin: url }, body)).toMatchObject([200, {}]);
  expect(
    await ask('POST', '/api/echo/7', { ...cookie, origin: url.replace('https', 'http') }, body),
  ).toMatchObject([403, {}]);
  session.close();
});
