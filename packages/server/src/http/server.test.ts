import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../origin/testing/fixture.ts';
import { silentLogger } from '../platform/logger.ts';
import { ClientAddresses } from './address.ts';
import type { HttpLimits } from './http-limits.ts';
import { respondText } from './respond.ts';
import type { RequestHandler } from './router.ts';
import { HttpServer } from './server.ts';
import { fetchOnce, RawConnection } from './testing/raw-client.ts';

let server: HttpServer;
let url: string;
let port: number;
afterEach(() => server.close());

const hello: RequestHandler = {
  handle(request, response) {
    if (request.url?.startsWith('/hello') !== true) return false;
    respondText(response, 200, 'hello\n');
    return true;
  },
};

async function start(
  limits: Partial<HttpLimits> = {},
  handlers: readonly RequestHandler[] = [hello],
  addresses = new ClientAddresses(),
): Promise<void> {
  server = new HttpServer({
    host: '127.0.0.1',
    httpPort: 0,
    handlers,
    addresses,
    log: silentLogger,
    limits: { closeGraceMs: 200, ...limits },
  });
  port = (await server.listen()).httpPort;
  url = `http://127.0.0.1:${port}`;
}

async function connections(count: number): Promise<RawConnection[]> {
  const made = Array.from({ length: count }, () => new RawConnection(port));
  await until(() => server.connections === count, `${count} connections`);
  return made;
}

describe('HttpServer', () => {
  test('asks its handlers in turn; what none takes is 404', async () => {
    await start();
    expect((await fetchOnce(`${url}/hello`)).body.toString()).toBe('hello\n');
    expect((await fetchOnce(`${url}/other`)).status).toBe(404);
  });

  test('a handler that throws is a 500, and the server lives on', async () => {
    await start({}, [
      {
        handle() {
          throw new Error('broken');
        },
      },
    ]);
    expect((await fetchOnce(`${url}/hello`)).status).toBe(500);
    expect((await fetchOnce(`${url}/hello`)).status).toBe(500);
  });

  test('a port that is taken is told to the caller', async () => {
    await start();
    const second = new HttpServer({ host: '127.0.0.1', httpPort: port, handlers: [], log: silentLogger });
    await expect(second.listen()).rejects.toThrow('EADDRINUSE');
    await second.close();
  });

  test('what is no HTTP is answered 400 and closed', async () => {
    await start();
    expect(await new RawConnection(port, 'nonsense\r\n\r\n').closed).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('HttpLimits', () => {
  test('maxUrlBytes: 2048 pass, 2049 are 414 with CORS', async () => {
    await start();
    const longest = `/hello?${'x'.repeat(2048 - 7)}`;
    expect((await fetchOnce(url, { path: longest })).status).toBe(200);
    const refused = await fetchOnce(url, { path: `${longest}x` });
    expect(refused.status).toBe(414);
    expect(refused.headers['access-control-allow-origin']).toBe('*');
  });

  test('maxHeaderBytes: below 16 KiB pass, above are 431 with CORS', async () => {
    await start();
    expect((await fetchOnce(`${url}/hello`, { headers: { 'x-filler': 'x'.repeat(16_100) } })).status).toBe(
      200,
    );
    const refused = await fetchOnce(`${url}/hello`, { headers: { 'x-filler': 'x'.repeat(16_400) } });
    expect(refused.status).toBe(431);
    expect(refused.headers['access-control-allow-origin']).toBe('*');
  });

  test('maxConnections: so many stay, one more is closed at once', async () => {
    await start({ maxConnections: 4 });
    const open = await connections(4);
    expect(await new RawConnection(port).closed).toBe('');
    open[0]?.socket.destroy();
    await until(() => server.connections === 3, 'one gone');
    expect((await fetchOnce(`${url}/hello`)).status).toBe(200);
  });

  test('maxConnectionsPerAddress: so many stay, one more is closed at once', async () => {
    await start({ maxConnectionsPerAddress: 3, exemptLoopback: false });
    await connections(3);
    expect(await new RawConnection(port).closed).toBe('');
  });

  test('exemptLoopback: this machine has no cap per address', async () => {
    await start({ maxConnectionsPerAddress: 3, exemptLoopback: true });
    await connections(8);
  });

  test('maxConnectionsPerAddress: a trusted proxy speaks for many', async () => {
    await start(
      { maxConnectionsPerAddress: 3, exemptLoopback: false },
      [hello],
      new ClientAddresses(['127.0.0.1']),
    );
    await connections(8);
  });

  test('headersTimeoutMs: a client that sends nothing, or a header byte now and then, is closed', async () => {
    await start({ headersTimeoutMs: 200, requestTimeoutMs: 200, checkIntervalMs: 50 });
    const silent = new RawConnection(port);
    const slow = new RawConnection(port, 'GET /hello HTTP/1.1\r\nX-A: ');
    const drip = setInterval(() => slow.socket.write('a'), 50);
    try {
      expect(await silent.closed).toMatch(/^HTTP\/1.1 408 |^$/);
      expect(await slow.closed).toMatch(/^HTTP\/1.1 408 /);
    } finally {
      clearInterval(drip);
    }
  });

  test('requestTimeoutMs: a body that does not come is given up', async () => {
    await start({ headersTimeoutMs: 200, requestTimeoutMs: 300, checkIntervalMs: 50 }, [
      { handle: () => true },
    ]);
    const slow = new RawConnection(port, 'POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    expect(await slow.closed).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  test('keepAliveTimeoutMs: an idle connection is closed', async () => {
    await start({ keepAliveTimeoutMs: 100 });
    const idle = new RawConnection(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await idle.closed).toContain('hello');
  });

  test('socketTimeoutMs: a connection on which nothing moves is cut, also under a request', async () => {
    await start({ socketTimeoutMs: 200 }, [{ handle: () => true }]);
    expect(await new RawConnection(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n').closed).toBe('');
  });
});

describe('close', () => {
  test('releases what waits, closes idle connections, and twice is once', async () => {
    let release = (): void => {};
    await start({}, [
      {
        handle(_request, response) {
          release = () => respondText(response, 503, 'closing\n');
          return true;
        },
        close: () => release(),
      },
    ]);
    const idle = new RawConnection(port);
    const waiting = fetchOnce(`${url}/hello`);
    await until(() => server.connections === 2, 'both connected');
    await new Promise((resolve) => setImmediate(resolve));
    const closing = server.close();
    expect(server.close()).toBe(closing);
    expect((await waiting).status).toBe(503);
    await closing;
    await idle.closed;
    await until(() => server.connections === 0, 'all gone');
  });

  test('cuts an answer that takes longer than the grace', async () => {
    await start({ closeGraceMs: 100 }, [{ handle: () => true }]);
    const stuck = new RawConnection(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => server.connections === 1, 'connected');
    await server.close();
    expect(await stuck.closed).toBe('');
  });
});

describe('upgrades', () => {
  test('a reset of one that was handed over, to a handler that does not listen for it, harms nobody', async () => {
    await start({});
    const taken: Duplex[] = [];
    server.onUpgrade('/socket.io/', (_request, socket) => taken.push(socket));
    const connection = new RawConnection(port);
    connection.socket.write(request('/socket.io/', 'websocket'));
    await until(() => taken.length === 1, 'handed over');
    connection.socket.resetAndDestroy();
    await until(() => taken[0]?.destroyed === true, 'destroyed');
  });

  const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  function request(target: string, upgrade: string): string {
    return `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;
  }

  test('WebSockets of a path are handed over and do not count any more; everything else is answered as ever', async () => {
    await start({ maxConnections: 2 });
    const taken: string[] = [];
    server.onUpgrade('/socket.io/', ({ url: target }, socket) => {
      taken.push(target ?? '');
      socket.write(SWITCHED);
    });
    for (let index = 0; index < 5; index++) {
      const connection = new RawConnection(port);
      connection.socket.write(request(`/socket.io/?n=${index}`, 'WebSocket'));
      await until(() => connection.received.startsWith('HTTP/1.1 101'), 'switched');
    }
    expect(taken).toHaveLength(5);
    expect(server.connections).toBe(0);
    for (const [target, upgrade] of [
      ['/hello', 'websocket'],
      ['/hello', 'h2c'],
      ['/socket.io/', 'h2c'],
      [`/socket.io/?${'x'.repeat(3000)}`, 'websocket'],
    ] as const) {
      const connection = new RawConnection(port);
      connection.socket.write(request(target, upgrade));
      const status = target === '/hello' ? 200 : upgrade === 'h2c' ? 404 : 414;
      await until(
        () => connection.received.startsWith(`HTTP/1.1 ${status}`),
        `${target} ${upgrade} is ${status}`,
      );
      connection.socket.destroy();
    }
    expect(taken).toHaveLength(5);
  });
});
