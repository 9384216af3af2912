import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccountServer, type SignedIn, signedIn } from './testing/account-server.ts';
import { SoftwareAuthenticator } from './testing/software-authenticator.ts';

let server: AccountServer;
let anna: SignedIn;
const key = new SoftwareAuthenticator('http://live.test');

beforeAll(async () => {
  server = await AccountServer.open();
  anna = await server.signUp('anna@live.test', 'Anna');
});

afterAll(async () => {
  await server.close();
});

/** The cookie of a ceremony beside the cookie of the session. */
function cookies(...headers: (string | null)[]): { cookie: string } {
  return { cookie: headers.map((one) => (one ?? '').split(';')[0]).join('; ') };
}

async function register(with_: SoftwareAuthenticator) {
  const options = await server.auth('GET', '/passkey/generate-register-options', undefined, {
    headers: anna.cookie,
  });
  expect(options.status).toBe(200);
  return await server.auth(
    'POST',
    '/passkey/verify-registration',
    { response: with_.register(options.body), name: 'My phone' },
    { headers: cookies(anna.cookie.cookie, options.headers.getSetCookie()[0] ?? null) },
  );
}

async function signIn(with_: SoftwareAuthenticator) {
  const options = await server.auth('GET', '/passkey/generate-authenticate-options');
  return await server.auth(
    'POST',
    '/passkey/verify-authentication',
    { response: with_.signIn(options.body) },
    { headers: cookies(options.headers.getSetCookie()[0] ?? null) },
  );
}

test('a passkey is added, signs in, and proves who one is', async () => {
  expect((await register(key)).status).toBe(200);
  const { cookie } = signedIn(await signIn(key));
  const actor = await server.accounts.resolver.resolve(cookie);
  expect(actor).toMatchObject({ userId: anna.userId, by: 'session' });
  expect(Date.now() - (actor.provenAtMs ?? 0)).toBeLessThan(60_000);
});

test('a passkey that was never added, or believes to be on another page, does not', async () => {
  expect((await signIn(new SoftwareAuthenticator('http://live.test'))).status).toBe(401);
  const phished = new SoftwareAuthenticator('http://live.test.evil.example');
  expect((await register(phished)).status).toBeGreaterThanOrEqual(400);
});

test('a guest cannot add one, and nobody lists another’s', async () => {
  const list = (headers: Record<string, string>) =>
    server.auth('GET', '/passkey/list-user-passkeys', undefined, { headers });
  expect((await list(anna.cookie)).body).toHaveLength(1);
  const bob = await server.signUp('bob@live.test', 'Bob');
  expect((await list(bob.cookie)).body).toEqual([]);
  const id: string = (await list(anna.cookie)).body[0].id;
  expect(
    (await server.auth('POST', '/passkey/delete-passkey', { id }, { headers: bob.cookie })).status,
  ).toBeGreaterThanOrEqual(400);
  expect((await list(anna.cookie)).body).toHaveLength(1);
  const guest = signedIn(await server.auth('POST', '/sign-in/anonymous', { name: 'Guest' }));
  const options = await server.auth('GET', '/passkey/generate-register-options', undefined, {
    headers: guest.cookie,
  });
  expect(options.status).toBe(403);
});

test('it takes a fresh proof to add one or to remove one', async () => {
  await server.test.database.asService((tx) =>
    sql`UPDATE accounts.session SET proven_at = now() - interval '301 seconds' WHERE user_id = ${anna.userId}`.execute(
      tx,
    ),
  );
  server.events.emit('access-changed', { userId: anna.userId });
  const options = await server.auth('GET', '/passkey/generate-register-options', undefined, {
    headers: anna.cookie,
  });
  expect(options.body.code).toBe('STEP_UP_REQUIRED');
  const body = { id: '0192f0c1-0000-7000-8000-000000000001' };
  const removed = await server.auth('POST', '/passkey/delete-passkey', body, { headers: anna.cookie });
  expect(removed.body.code).toBe('STEP_UP_REQUIRED');
  await server.api('POST', '/api/auth-step-up', { password: 'correct horse' }, { headers: anna.cookie });
});

test('one that is removed signs nobody in any more', async () => {
  const other = new SoftwareAuthenticator('http://live.test');
  const added = await register(other);
  const removed = await server.auth(
    'POST',
    '/passkey/delete-passkey',
    { id: added.body.id },
    { headers: anna.cookie },
  );
  expect(removed.status).toBe(200);
  expect((await signIn(other)).status).toBe(401);
});

test('our own JWT is signed by a key of our JWKS, whose private half is encrypted', async () => {
  const { body } = await server.auth('GET', '/token', undefined, { headers: anna.cookie });
  const jwks = await server.auth('GET', '/jwks');
  const http = createServer((_, response) => response.end(JSON.stringify(jwks.body)));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  const { payload, protectedHeader } = await jwtVerify(body.token, createRemoteJWKSet(url), {
    issuer: 'http://live.test',
    audience: 'http://live.test',
  });
  http.close();
  expect(protectedHeader.alg).toBe('EdDSA');
  expect(payload).toMatchObject({ sub: anna.userId, name: 'Anna' });
  const { rows } = await server.test.database.asService((tx) =>
    sql<{ private_key: string }>`SELECT private_key FROM accounts.jwks`.execute(tx),
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.private_key).not.toMatch(/"d"|"kty"/);
});
