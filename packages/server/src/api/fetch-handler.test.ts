import { liveError } from '@tallylight/protocol/errors.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer } from '../http/server.ts';
import { fetchOnce } from '../http/testing/raw-client.ts';
import { silentLogger } from '../platform/logger.ts';
import { FetchHandler } from './fetch-handler.ts';

let server: HttpServer;
let url: string;

beforeAll(async () => {
  const handler = new FetchHandler({
    prefix: '/api/auth/',
    maxBodyBytes: 16_384,
    bodyTimeoutMs: 1000,
    log: silentLogger,
    clientAddress: () => '192.0.2.1',
    answer: async (request, address) => {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith('/refused')) throw liveError('CSRF', 'not from here');
      if (pathname.endsWith('/broken')) throw new Error('hunter2');
      const answer = Response.json({
        ...{ address, pathname, method: request.method, body: await request.text() },
        ...{ host: request.headers.get('host'), cookie: request.headers.get('cookie') },
      });
      answer.headers.append('set-cookie', 'a=1');
      answer.headers.append('set-cookie', 'b=2; HttpOnly');
      return answer;
    },
  });
  server = new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: [handler], log: silentLogger });
  url = `http://127.0.0.1:${(await server.listen()).httpPort}`;
});
afterAll(() => server.close());

describe('FetchHandler', () => {
  test('hands over method, path, headers, body and address, and sends back every cookie', async () => {
    const { status, headers, body } = await fetchOnce(`${url}/api/auth/x?y`, {
      method: 'POST',
      body: 'text',
      headers: { cookie: 'a=1; b=2' },
    });
    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toEqual({
      ...{ address: '192.0.2.1', pathname: '/api/auth/x', method: 'POST', body: 'text' },
      ...{ host: new URL(url).host, cookie: 'a=1; b=2' },
    });
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2; HttpOnly']);
    expect([headers['cache-control'], headers['x-content-type-options']]).toEqual(['no-store', 'nosniff']);
  });

  test.each([
    ['refused', 403, 'CSRF'],
    ['broken', 500, 'INTERNAL'],
  ])('%s is %i', async (path, status, code) => {
    const answer = await fetchOnce(`${url}/api/auth/${path}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code });
    expect(answer.body.toString()).not.toContain('hunter2');
  });

  test('a body has at most 16384 bytes', async () => {
    const post = async (bytes: number): Promise<number> =>
      (await fetchOnce(`${url}/api/auth/x`, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    expect([await post(16_384), await post(16_385)]).toEqual([200, 413]);
  });

  test('other paths are left to others', async () => {
    expect((await fetchOnce(`${url}/api/authx`)).status).toBe(404);
  });
});
