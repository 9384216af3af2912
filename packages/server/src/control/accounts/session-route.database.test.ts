import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccountServer, type SignedIn } from './testing/account-server.ts';

let server: AccountServer;
let anna: SignedIn;

beforeAll(async () => {
  server = await AccountServer.open();
  anna = await server.signUp('anna@live.test', 'Anna');
});
afterAll(() => server.close());

const session = (headers: Readonly<Record<string, string>>) =>
  server.api('GET', '/api/session', undefined, { headers });

test('who is signed in is told as GET /api/me tells it', async () => {
  const me = await server.api('GET', '/api/me', undefined, { headers: anna.cookie });
  const answer = await session(anna.cookie);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ me: me.body });
});

test('that nobody is signed in is no error: without a cookie, and with one that ended', async () => {
  for (const headers of [{}, { cookie: 'tallylight.session_token=made.up' }]) {
    const answer = await session(headers);
    expect([answer.status, answer.body]).toEqual([200, { me: null }]);
  }
  await server.auth('POST', '/sign-out', {}, { headers: anna.cookie });
  const answer = await session(anna.cookie);
  expect([answer.status, answer.body]).toEqual([200, { me: null }]);
});

test('a bad token is refused as everywhere, so that a program notices', async () => {
  expect((await session({ authorization: 'Bearer no' })).status).toBe(401);
});
