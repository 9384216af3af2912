import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { AUTH_ENDPOINTS } from './auth-endpoints.ts';
import { AccountServer } from './testing/account-server.ts';

let server: AccountServer;
let cookie: string;

/** Pages that are not ours: none may read an answer of ours, or change anything in the name of who is signed in. */
const FOREIGN = [
  'null',
  'https://evil.example',
  'http://live.test.evil.example',
  'http://evil-live.test',
  'http://evillive.test',
  'http://sub.live.test',
  'http://live.test:8080',
  'http://live.test@evil.example',
  'http://live.tes',
  'ftp://live.test',
  'file://',
  'http://LIVE.test.',
];

beforeAll(async () => {
  server = await AccountServer.open({
    publicUrl: 'https://live.example',
    limits: { ...DEFAULT_ACCOUNTS_LIMITS, loginPerAccountPerMinute: 1000 },
  });
  await server.signUp('anna@live.test');
  ({
    cookie: { cookie },
  } = await server.signIn('anna@live.test'));
});

afterAll(async () => {
  await server.close();
});

const right = { email: 'anna@live.test', password: 'correct horse' };

describe.each(FOREIGN)('Origin: %s', (origin) => {
  test('cannot sign in, with or without a cookie', async () => {
    for (const headers of [{ origin }, { origin, cookie }]) {
      const answer = await server.auth('POST', '/sign-in/email', right, { headers });
      expect([answer.status, answer.body.code]).toEqual([403, 'CSRF']);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  test('reads no answer of any endpoint', async () => {
    for (const [endpoint] of AUTH_ENDPOINTS) {
      const [method = '', path = ''] = endpoint.split(' ');
      const answer = await server.auth(method, path.replace('*', 'oidc'), method === 'GET' ? undefined : {}, {
        headers: { origin, cookie },
      });
      const names = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect([endpoint, names]).toEqual([endpoint, []]);
      if (method !== 'GET') expect([endpoint, answer.status]).toEqual([endpoint, 403]);
    }
  });
});

test.each(['https://live.example', 'http://live.test', 'https://live.test'])('%s is ours', async (origin) => {
  const answer = await server.auth('POST', '/sign-in/email', right, { headers: { origin } });
  expect(answer.status).toBe(200);
});

test('a cookie without Origin changes nothing; neither does a cross-site request', async () => {
  for (const headers of [
    { cookie, origin: '' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    expect((await server.auth('POST', '/sign-out', {}, { headers })).status).toBe(403);
  expect((await server.accounts.resolver.resolve({ cookie })).userId).toBeDefined();
});

test('an app without cookies needs no Origin', async () => {
  for (const headers of [{}, { 'sec-fetch-mode': 'cors' }])
    expect((await server.auth('POST', '/sign-in/email', right, { headers })).status).toBe(200);
});

test('over TLS the cookie is Secure and bound to the host', async () => {
  const answer = await server.auth('POST', '/sign-in/email', right);
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^__Host-tallylight\.session_token=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    ),
  ]);
});

test('one is not sent to a foreign page afterwards', async () => {
  for (const callbackURL of ['https://evil.example/x', '//evil.example', '/\\evil.example']) {
    const answer = await server.auth(
      'POST',
      '/sign-in/email',
      { ...right, callbackURL },
      {
        headers: { origin: 'https://live.example' },
      },
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  }
});
