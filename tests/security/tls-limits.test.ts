import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHttp2, fetchHttp2 } from '../../packages/server/src/http/testing/raw-client.ts';
import { Tallylight } from '../support/tallylight.ts';

const HANDSHAKE_SEC = 1;
const MAX_STREAMS = 5;

let server: Tallylight;
beforeAll(async () => {
  const env = { HTTP_TLS_HANDSHAKE_SEC: `${HANDSHAKE_SEC}`, HTTP2_MAX_STREAMS: `${MAX_STREAMS}` };
  server = await Tallylight.start({ tls: true, env });
});
afterAll(() => server.stop());

test('HTTP_TLS_HANDSHAKE_SEC is how long a handshake may take', async () => {
  const silent = createConnection(server.httpsPort, '127.0.0.1');
  silent.resume();
  const startedMs = performance.now();
  await once(silent, 'close');
  const tookSec = (performance.now() - startedMs) / 1000;
  expect(tookSec).toBeGreaterThan(HANDSHAKE_SEC - 0.3);
  expect(tookSec).toBeLessThan(HANDSHAKE_SEC + 2);
});

test('HTTP2_MAX_STREAMS requests are in flight on one connection, and not one more', async () => {
  const session = connectHttp2(server.httpsUrl);
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(MAX_STREAMS);
  // Node's own client keeps what is too much for later, so that nobody is refused.
  const answers = await Promise.all(
    Array.from({ length: 3 * MAX_STREAMS }, () => fetchHttp2(session, { ':path': '/healthz' })),
  );
  expect(answers.every(({ status }) => status > 0)).toBe(true);
  session.close();
});
