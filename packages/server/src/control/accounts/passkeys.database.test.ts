import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../db/database.ts';
import { TestDatabase } from '../../db/testing/test-database.ts';
import { silentLogger } from '../../platform/logger.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
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

test('added all at once, there are as many as one may have and not one more', async () => {
  const most = 3;
  const limits = { ...DEFAULT_ACCOUNTS_LIMITS, passkeysPerUser: most, signInsAtOnce: most + 5 };
  const base = await TestDatabase.create();
  // A busy machine must not make a refusal of those who are held up below.
  const database = new Database({ url: base.url, log: silentLogger, timeoutMs: 20_000 });
  const strict = await AccountServer.open({ limits, database }, base);
  const cleo = await strict.signUp('cleo@live.test', 'Cleo');
  const ceremonies = await Promise.all(
    Array.from({ length: most + 5 }, async () => {
      const { body, headers } = await strict.auth('GET', '/passkey/generate-register-options', undefined, {
        headers: cleo.cookie,
      });
      const response = new SoftwareAuthenticator('http://live.test').register(body);
      return { response, cookie: cookies(cleo.cookie.cookie, headers.getSetCookie()[0] ?? null) };
    }),
  );
  // Held up at the person's row until all of them are there, so that all would have counted none.
  const holder = new Client({ connectionString: strict.test.adminUrl });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM accounts."user" WHERE id = $1 FOR UPDATE', [cleo.userId]);
  const asked = ceremonies.map(({ response, cookie }) =>
    strict.auth('POST', '/passkey/verify-registration', { response, name: 'x' }, { headers: cookie }),
  );
  const held = async () => {
    const { rows } = await holder.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length;
  };
  await expect.poll(held, { timeout: 10_000, interval: 10 }).toBe(most + 5);
  await holder.query('ROLLBACK');
  await holder.end();
  const answers = await Promise.all(asked);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(most);
  const refused = answers.filter(({ status }) => status !== 200);
  for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'CONFLICT']);
  const listed = await strict.auth('GET', '/passkey/list-user-passkeys', undefined, { headers: cleo.cookie });
  expect(listed.body).toHaveLength(most);
  // Who takes one away may add one.
  const gone = { id: listed.body[0].id };
  await strict.auth('POST', '/passkey/delete-passkey', gone, { headers: cleo.cookie });
  const options = await strict.auth('GET', '/passkey/generate-register-options', undefined, {
    headers: cleo.cookie,
  });
  const again = await strict.auth(
    'POST',
    '/passkey/verify-registration',
    { response: new SoftwareAuthenticator('http://live.test').register(options.body) },
    { headers: cookies(cleo.cookie.cookie, options.headers.getSetCookie()[0] ?? null) },
  );
  expect(again.status).toBe(200);
  await database.close();
  await strict.close();
});
