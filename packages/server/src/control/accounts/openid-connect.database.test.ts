import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccountServer, type Answer, signedIn } from './testing/account-server.ts';
import { OidcIssuer, type OidcPerson } from './testing/oidc-issuer.ts';

let issuer: OidcIssuer;
let server: AccountServer;

beforeAll(async () => {
  issuer = await OidcIssuer.start();
  server = await AccountServer.open({ oidc: provider() });
});

afterAll(async () => {
  await server.close();
  await issuer.close();
});

function provider() {
  const { url, clientId, clientSecret } = issuer;
  return { issuer: url, clientId, clientSecret, name: 'The house' };
}

/** As a browser does it: to the provider, and back with its code. */
async function comesBack(person: OidcPerson, at = server, alter = (path: string) => path): Promise<Answer> {
  issuer.person = person;
  const start = await at.auth('POST', '/sign-in/social', { provider: 'oidc', callbackURL: '/watch' });
  const cookie = start.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const away = await fetch(start.body.url, { redirect: 'manual' });
  const back = new URL(away.headers.get('location') ?? '');
  expect(back.href).toContain('http://live.test/api/auth/callback/oidc?code=');
  return await at.auth('GET', alter(`/callback/oidc${back.search}`), undefined, { headers: { cookie } });
}

/** Who is signed in by an answer that sends the browser on. */
async function who(answer: Answer, at = server) {
  const { cookie } = signedIn({ ...answer, status: 200 });
  return await at.accounts.resolver.resolve(cookie);
}

test('the sign-in page learns of the provider', async () => {
  const { body } = await server.api('GET', '/api/sign-in-options');
  expect(body.providers).toEqual([{ id: 'oidc', name: 'The house' }]);
});

test('a stranger becomes an account, and the same one the next time', async () => {
  const person = {
    sub: 'carl',
    email: 'carl@id.test',
    emailVerified: true,
    name: 'Carl of the very long name indeed',
  };
  const first = await comesBack(person);
  expect([first.status, first.headers.get('location')]).toEqual([302, '/watch']);
  const actor = await who(first);
  expect(actor).toMatchObject({ by: 'session', isGuest: false, displayName: 'Carl of the very long nam' });
  expect((await who(await comesBack(person))).userId).toBe(actor.userId);
});

describe('an account with the same address', () => {
  test('that nobody proved is not opened, and not taken over', async () => {
    await server.signUp('dora@id.test', 'Attacker');
    const answer = await comesBack({ sub: 'dora', email: 'dora@id.test', emailVerified: true });
    expect(answer.headers.get('location')).toContain('error=');
    expect((await who(answer)).userId).toBeUndefined();
  });

  test('is not opened by a provider that has not proven the address', async () => {
    const { userId } = await server.signUp('emil@id.test', 'Emil');
    await server.test.database.asService((tx) =>
      tx.updateTable('accounts.user').set({ email_verified: true }).where('id', '=', userId).execute(),
    );
    const unproven = await comesBack({ sub: 'emil', email: 'emil@id.test', emailVerified: false });
    expect((await who(unproven)).userId).toBeUndefined();
    const proven = await comesBack({ sub: 'emil', email: 'emil@id.test', emailVerified: true });
    expect((await who(proven)).userId).toBe(userId);
  });
});

describe('nobody is signed in', () => {
  const person = { sub: 'fred', email: 'fred@id.test', emailVerified: true };

  test('by another state', async () => {
    const answer = await comesBack(person, server, (path) => path.replace(/state=\w{4}/, 'state=xxxx'));
    expect((await who(answer)).userId).toBeUndefined();
  });

  test('by a code that was never given out', async () => {
    const answer = await comesBack(person, server, (path) => path.replace(/code=\w{4}/, 'code=xxxx'));
    expect((await who(answer)).userId).toBeUndefined();
  });

  test.each([
    ['another audience', { aud: 'shop' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['another nonce', { nonce: 'x' }],
  ])('by an ID token with %s', async (_, claims) => {
    issuer.claims = claims;
    const answer = await comesBack(person);
    issuer.claims = {};
    expect((await who(answer)).userId).toBeUndefined();
  });

  test('by a stranger, where sign-up is closed', async () => {
    const closed = await AccountServer.open({ oidc: provider(), signUp: 'closed' });
    const answer = await comesBack({ sub: 'gus', email: 'gus@id.test', emailVerified: true }, closed);
    expect(answer.headers.get('location')).toContain('error=');
    expect((await who(answer, closed)).userId).toBeUndefined();
    await closed.close();
  });

  test('whose account is disabled', async () => {
    const there = { sub: 'hans', email: 'hans@id.test', emailVerified: true };
    const { userId } = await who(await comesBack(there));
    await server.test.database.asService((tx) =>
      tx
        .updateTable('nchat_live_accounts')
        .set({ disabled_at: new Date() })
        .where('user_id', '=', userId ?? '')
        .execute(),
    );
    expect((await who(await comesBack(there))).userId).toBeUndefined();
  });
});

test('a provider that is away does not keep the server from starting', async () => {
  const lonely = await AccountServer.open({
    oidc: { issuer: 'http://127.0.0.1:1', clientId: 'a', clientSecret: 'b', name: 'Away' },
  });
  await lonely.signUp('still@live.test');
  expect((await lonely.auth('POST', '/sign-in/social', { provider: 'oidc' })).status).toBe(404);
  await lonely.close();
});
