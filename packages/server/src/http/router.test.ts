import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../origin/testing/fixture.ts';
import { silentLogger } from '../platform/logger.ts';
import { HttpError } from './http-error.ts';
import { discardBody, readBody } from './read-body.ts';
import { respondJson, respondText } from './respond.ts';
import { Router } from './router.ts';
import { selfSignedIdentity } from './self-signed.ts';
import { BothProtocols, refusalOf } from './testing/both-protocols.ts';
import { RawConnection } from './testing/raw-client.ts';
import type { TlsIdentity } from './tls-identity.ts';

let directory: string;
let identity: TlsIdentity;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-router-'));
  identity = await selfSignedIdentity(directory, Date.now());
});
afterAll(() => rm(directory, { recursive: true }));

const errors: string[] = [];
let web: BothProtocols;
beforeEach(async () => {
  errors.length = 0;
  const log = { ...silentLogger, error: (_: object, event: string) => void errors.push(event) };
  const router = new Router(log)
    .get('/plain', (_, response) => respondText(response, 200, 'plain\n'))
    .get('/things/:id/parts/:part', (_, response, { params, query }) =>
      respondJson(response, { ...params, query }),
    )
    .on('POST', '/things/:id', async (request, response, { params }) => {
      const body = await readBody(request, { maxBytes: 1000, timeoutMs: 200 });
      respondJson(response, { ...params, length: body.length });
    })
    .on('DELETE', '/things/:id', () => {
      throw new HttpError(409, 'BUSY', 'not now', ['Retry-After', '3']);
    })
    .on('POST', '/unread', (_, response) => respondText(response, 401, 'no\n'))
    .on('POST', '/count', async (request, response) =>
      respondJson(response, {
        bytes: await discardBody(request, { maxBytes: 3_000_000, timeoutMs: 5000 }),
      }),
    )
    .on('POST', '/broken', () => Promise.reject(new Error('a secret')))
    .on('OPTIONS', '/own', (_, response) => respondText(response, 200, 'mine\n'));
  web = await BothProtocols.start([router], identity, { requestTimeoutMs: 60_000 });
});
afterEach(() => web.close());

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('Router over %s', (version) => {
  const send = (method: string, path: string, body?: string | Uint8Array) =>
    web.send(version, { method, path, ...(body === undefined ? {} : { body }) });

  test('names the elements of a path and keeps the query apart', async () => {
    const answer = await send('GET', '/things/a%2Fb/parts/7?x=1&y=/');
    expect(JSON.parse(answer.body.toString())).toEqual({ id: 'a%2Fb', part: '7', query: 'x=1&y=/' });
    for (const path of ['/things//parts/7', '/things/a/parts', '/things/a/parts/7/', '/plain/', '/things']) {
      expect((await send('GET', path)).status).toBe(404);
    }
  });

  test('HEAD is GET without a body', async () => {
    const answer = await send('HEAD', '/plain');
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '6', 0]);
  });

  test('a method that a path has not is 405 with Allow', async () => {
    const answer = await send('PUT', '/things/a');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST, DELETE, OPTIONS']);
    expect(refusalOf(answer).code).toBe('METHOD_NOT_ALLOWED');
    expect((await send('POST', '/plain', 'x')).headers.allow).toBe('GET, HEAD, OPTIONS');
  });

  test('OPTIONS tells what CORS wants, unless the path answers it', async () => {
    const { status, headers } = await send('OPTIONS', '/things/a');
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-methods']).toBe('POST, DELETE, OPTIONS');
    expect(headers['access-control-allow-headers']).toContain('Authorization');
    expect((await send('OPTIONS', '/own')).body.toString()).toBe('mine\n');
  });

  test('a body up to the limit is read, one byte more is 413, and the connection lives on', async () => {
    expect(JSON.parse((await send('POST', '/things/a', 'x'.repeat(1000))).body.toString())).toEqual({
      id: 'a',
      length: 1000,
    });
    const refused = await send('POST', '/things/a', 'x'.repeat(1001));
    expect([refused.status, refusalOf(refused).code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect((await send('GET', '/plain')).status).toBe(200);
  });

  test('a refusal carries its code, words and headers, and CORS lets pages read them', async () => {
    const answer = await send('DELETE', '/things/a');
    expect([answer.status, answer.headers['retry-after']]).toEqual([409, '3']);
    expect(refusalOf(answer)).toEqual({ code: 'BUSY', message: 'not now' });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-expose-headers']).toContain('Retry-After');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('a handler that fails is 500 without its reason, which is logged', async () => {
    const answer = await send('POST', '/broken', 'x');
    expect([answer.status, refusalOf(answer).code]).toEqual([500, 'INTERNAL']);
    expect(answer.body.toString()).not.toContain('secret');
    expect(errors).toEqual(['request failed']);
  });

  test('a refusal before the body is answered, whether or not the body comes', async () => {
    expect((await send('POST', '/unread', Buffer.alloc(500_000))).status).toBe(401);
    expect((await send('POST', '/unread')).status).toBe(401);
  });

  test('a large body is counted and thrown away', async () => {
    const answer = await send('POST', '/count', Buffer.alloc(2_500_000));
    expect(JSON.parse(answer.body.toString())).toEqual({ bytes: 2_500_000 });
  });
});

describe('Bodies on a bare connection', () => {
  const head = (length: number, path = '/things/a'): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

  test('one that stops half way is 408', async () => {
    const connection = new RawConnection(web.port, `${head(100)}half`);
    await until(() => connection.received.startsWith('HTTP/1.1 408 '), 'an answer');
    connection.socket.destroy();
  });

  test('one whose length is above the limit is refused before it is sent', async () => {
    const connection = new RawConnection(web.port, head(1001));
    await until(() => connection.received.startsWith('HTTP/1.1 413 '), 'an answer');
    connection.socket.destroy();
  });

  test('one without a length is refused where it passes the limit', async () => {
    const start = 'POST /things/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    const connection = new RawConnection(web.port, `${start}3e9\r\n${'x'.repeat(1001)}\r\n`);
    await until(() => connection.received.startsWith('HTTP/1.1 413 '), 'an answer');
    connection.socket.destroy();
  });

  test('one that nobody wants and that does not end is cut off after a mebibyte', async () => {
    const connection = new RawConnection(web.port, head(1 << 30, '/unread'));
    await until(() => connection.received.startsWith('HTTP/1.1 401 '), 'an answer');
    let sentBytes = 0;
    const piece = Buffer.alloc(65_536);
    const pump = (): void => {
      while (!connection.socket.destroyed && sentBytes < 1 << 26) {
        sentBytes += piece.length;
        if (!connection.socket.write(piece)) {
          connection.socket.once('drain', pump);
          return;
        }
      }
    };
    pump();
    await connection.closed;
    expect(sentBytes).toBeLessThan(1 << 26);
  });

  test('a client that goes away half way leaves nothing behind', async () => {
    const connection = new RawConnection(web.port, `${head(100)}half`);
    await until(() => connection.socket.bytesWritten > 0, 'sent');
    connection.socket.destroy();
    expect((await web.send('HTTP/1.1', { method: 'GET', path: '/plain' })).status).toBe(200);
    expect(errors).toEqual([]);
  });
});
