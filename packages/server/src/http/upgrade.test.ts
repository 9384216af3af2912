import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { respondText } from './respond.ts';
import { selfSignedIdentity } from './self-signed.ts';
import { type BoundPorts, HttpServer } from './server.ts';

let server: HttpServer;
let ports: BoundPorts;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-upgrade-'));
  server = new HttpServer({
    host: '127.0.0.1',
    httpPort: 0,
    https: { port: 0, identity: await selfSignedIdentity(directory, Date.now()) },
    handlers: [
      {
        handle: (_request, response) => {
          respondText(response, 200, 'plain\n');
          return true;
        },
      },
    ],
    log: silentLogger,
  });
  server.onUpgrade('/socket.io/', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded');
  });
  ports = await server.listen();
});
afterAll(() => server.close());

/** Everything that comes back. */
async function ask(secure: boolean, path: string, upgrade: string): Promise<string> {
  const socket = secure
    ? connectTls({
        port: ports.httpsPort ?? 0,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
      })
    : connect(ports.httpPort, '127.0.0.1');
  await once(socket, secure ? 'secureConnect' : 'connect');
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\n\r\n`,
  );
  await once(socket, 'close');
  return Buffer.concat(pieces).toString();
}

describe.each([
  ['http', false],
  ['https', true],
])('upgrades over %s', (_name, secure) => {
  test('what is wanted is handed over', async () => {
    expect(await ask(secure, '/socket.io/', 'websocket')).toContain('upgraded');
  });

  test('everything else is answered as if nothing had been asked', async () => {
    expect(await ask(secure, '/socket.io/', 'h2c')).toMatch(/^HTTP\/1.1 200 [\s\S]*plain/);
    expect(await ask(secure, '/other', 'websocket')).toMatch(/^HTTP\/1.1 200 [\s\S]*plain/);
  });
});
