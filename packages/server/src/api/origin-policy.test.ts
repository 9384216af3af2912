import { defineRoute } from '@tallylight/protocol/route.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fetchOnce } from '../http/testing/raw-client.ts';
import { OriginPolicy } from './origin-policy.ts';
import { ApiServer, account, asActor } from './testing/api-server.ts';

const base = { tag: 'test', summary: 'A test', response: z.unknown() } as const;
const change = defineRoute({
  ...base,
  method: 'POST',
  path: '/api/change',
  operation: 'change',
  access: 'public',
});
const seen = defineRoute({ ...base, method: 'GET', path: '/api/seen', operation: 'seen', access: 'public' });
const mine = defineRoute({ ...base, method: 'GET', path: '/api/mine', operation: 'mine', access: 'user' });

const TRUSTED = 'https://chat.example.org';
const cookie = { cookie: `actor=${encodeURIComponent(JSON.stringify(account('u')))}` };
let server: ApiServer;
let own: string;

beforeAll(async () => {
  server = await ApiServer.start(
    (api) => {
      for (const route of [change, seen, mine]) api.on(route, async () => ({}));
    },
    { origins: new OriginPolicy([TRUSTED]) },
  );
  own = server.url;
});
afterAll(() => server.close());

const post = async (headers: Record<string, string>): Promise<number> =>
  (await fetchOnce(`${server.url}/api/change`, { method: 'POST', headers })).status;

describe('OriginPolicy', () => {
  test('a change with a cookie is taken from our own pages and trusted ones', async () => {
    expect(await post({ ...cookie, origin: own })).toBe(200);
    // A proxy that ends TLS stands before us.
    expect(await post({ ...cookie, origin: own.replace('http:', 'https:') })).toBe(200);
    expect(await post({ ...cookie, origin: TRUSTED })).toBe(200);
    expect(await post({ ...cookie, 'sec-fetch-site': 'same-origin' })).toBe(200);
  });

  test.each([
    'null',
    'https://evil.example',
    'http://chat.example.org',
    'https://chat.example.org.evil.example',
    'https://evilchat.example.org',
    'https://sub.chat.example.org',
    'https://chat.example.org:444',
    'https://CHAT.example.org',
    'http://127.0.0.1',
    'http://localhost',
    'file://',
    '',
  ])('and not from %j, with a cookie or without', async (origin) => {
    expect(await post({ ...cookie, origin })).toBe(403);
    expect(await post({ origin })).toBe(403);
  });

  test('a change with a cookie and no word of its page is refused', async () => {
    expect(await post(cookie)).toBe(403);
    expect(await post({ ...cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await post({ ...cookie, 'sec-fetch-site': 'same-site' })).toBe(403);
  });

  test('a token needs no origin, and neither does who has nothing to lose', async () => {
    expect(await post({ ...asActor(account('u')), origin: 'https://evil.example' })).toBe(200);
    expect(await post({})).toBe(200);
  });

  test('credentials are for trusted origins alone; what is public may be read by every page', async () => {
    const get = async (path: string, origin: string) => {
      const { headers } = await fetchOnce(server.url + path, { headers: { ...cookie, origin } });
      return [
        headers['access-control-allow-origin'],
        headers['access-control-allow-credentials'],
        headers.vary,
      ];
    };
    expect(await get('/api/seen', TRUSTED)).toEqual([TRUSTED, 'true', 'Origin']);
    expect(await get('/api/mine', TRUSTED)).toEqual([TRUSTED, 'true', 'Origin']);
    expect(await get('/api/seen', 'https://evil.example')).toEqual(['*', undefined, 'Origin']);
    expect(await get('/api/mine', 'https://evil.example')).toEqual([undefined, undefined, 'Origin']);
  });

  test('a preflight allows changes to trusted origins alone', async () => {
    const preflight = async (path: string, origin: string) => {
      const { headers, status } = await fetchOnce(server.url + path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      return [status, headers['access-control-allow-origin'], headers['access-control-allow-methods']];
    };
    expect(await preflight('/api/change', TRUSTED)).toEqual([204, TRUSTED, 'POST, OPTIONS']);
    expect(await preflight('/api/change', 'https://evil.example')).toEqual([204, undefined, undefined]);
    expect(await preflight('/api/seen', 'https://evil.example')).toEqual([204, '*', 'GET, HEAD, OPTIONS']);
  });
});
