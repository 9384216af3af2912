import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { OriginPolicy } from '../../packages/server/src/api/origin-policy.ts';
import { account } from '../../packages/server/src/api/testing/api-server.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { ApiProbe, pathOf, SOME_ID } from '../support/api-probe.ts';

const TRUSTED = 'https://chat.example.org';
/** Origins that look like one we trust, or like none at all. */
const FOREIGN = [
  'null',
  'https://evil.example',
  'http://chat.example.org',
  'https://chat.example.org.evil.example',
  'https://evilchat.example.org',
  'https://sub.chat.example.org',
  'https://example.org',
  'https://chat.example.org:8443',
  'https://chat.example.org@evil.example',
  'https://chat-example.org',
  'https://CHAT.EXAMPLE.ORG',
  'http://localhost',
  'file://',
];
const actor = account(SOME_ID, { role: 'admin', provenAtMs: Date.now() });
const cookie = `actor=${encodeURIComponent(JSON.stringify(actor))}`;

let probe: ApiProbe;
beforeAll(async () => {
  probe = await ApiProbe.start(new OriginPolicy([TRUSTED]));
});
afterAll(() => probe.close());

describe('pages of other origins (Owncast CVE-2024-29026, Socket.IO CVE-2020-28481)', () => {
  test('never get leave to read with credentials, on any route', async () => {
    const leaks: string[] = [];
    for (const route of ALL_ROUTES) {
      for (const origin of FOREIGN) {
        for (const method of [route.method, 'OPTIONS']) {
          const { headers } = await fetchOnce(probe.server.url + pathOf(route), {
            method,
            headers: { origin, cookie, 'access-control-request-method': route.method },
          });
          const allowed = headers['access-control-allow-origin'];
          const credentials = headers['access-control-allow-credentials'];
          const reads = allowed === undefined || (allowed === '*' && route.access === 'public');
          // A preflight is of a path, which may have a public route beside this one.
          const isFine = method === 'OPTIONS' ? allowed === undefined || allowed === '*' : reads;
          if (credentials !== undefined || !isFine)
            leaks.push(`${method} ${route.path} ${origin}: ${allowed}`);
        }
      }
    }
    expect(leaks).toEqual([]);
  });

  test('never change anything with a cookie that their visitor’s browser adds', async () => {
    probe.reached();
    const wrong: string[] = [];
    for (const route of ALL_ROUTES.filter(({ method }) => method !== 'GET')) {
      for (const origin of [...FOREIGN, undefined]) {
        const { status, body } = await fetchOnce(probe.server.url + pathOf(route), {
          method: route.method,
          headers: { cookie, ...(origin === undefined ? {} : { origin }) },
        });
        if (status !== 403 || !body.includes('"CSRF"')) wrong.push(`${route.operation} ${origin}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(probe.reached()).toEqual([]);
  });

  test('while those that we trust may do both', async () => {
    for (const route of ALL_ROUTES) {
      const { headers, status } = await fetchOnce(probe.server.url + pathOf(route), {
        method: route.method,
        headers: { origin: TRUSTED, cookie },
      });
      expect([
        route.operation,
        headers['access-control-allow-origin'],
        headers['access-control-allow-credentials'],
      ]).toEqual([route.operation, TRUSTED, 'true']);
      expect([route.operation, status]).not.toEqual([route.operation, 403]);
    }
  });
});
