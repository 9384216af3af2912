import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { AccountServer, type SignedIn } from './testing/account-server.ts';

let server: AccountServer;
let anna: SignedIn;
let bob: SignedIn;

beforeAll(async () => {
  server = await AccountServer.open({ limits: { ...DEFAULT_ACCOUNTS_LIMITS, apiTokensPerUser: 3 } });
  anna = await server.signUp('anna@live.test', 'Anna');
  bob = await server.signUp('bob@live.test', 'Bob');
});

afterAll(async () => {
  await server.close();
});

const as = (who: SignedIn, method: string, path: string, body?: unknown) =>
  server.api(method, path, body, { headers: who.cookie });

/** As if the proof were so many seconds old. */
async function ageProof(who: SignedIn, seconds: number): Promise<void> {
  await server.test.database.asService((tx) =>
    sql`UPDATE accounts.session SET proven_at = now() - make_interval(secs => ${seconds}) WHERE user_id = ${who.userId}`.execute(
      tx,
    ),
  );
  server.events.emit('access-changed', { userId: who.userId });
}

describe('names', () => {
  test('are changed for oneself alone, whatever else the body says', async () => {
    const changes = {
      displayName: 'Anna B',
      avatarUrl: 'https://pics.example/a.png',
      id: bob.userId,
      role: 'admin',
    };
    const answer = await as(anna, 'PATCH', '/api/me', changes);
    expect(answer.body).toMatchObject({ id: anna.userId, displayName: 'Anna B', role: 'user' });
    expect((await as(bob, 'GET', '/api/me')).body.displayName).toBe('Bob');
    expect((await server.accounts.resolver.resolve(anna.cookie)).displayName).toBe('Anna B');
  });

  test.each([
    'javascript:alert(1)',
    'http://a.example/x',
    'data:image/svg+xml,x',
    '//evil.example',
    '/\\evil',
    'x',
  ])('the picture %s is refused', async (avatarUrl) => {
    expect((await as(anna, 'PATCH', '/api/me', { avatarUrl })).status).toBe(400);
  });
});

describe('a fresh proof', () => {
  test('is five minutes old at most', async () => {
    expect((await as(anna, 'GET', '/api/me')).body.stepUpUntil).not.toBeNull();
    await ageProof(anna, 299);
    expect((await as(anna, 'GET', '/api/me')).body.stepUpUntil).not.toBeNull();
    await ageProof(anna, 301);
    expect((await as(anna, 'GET', '/api/me')).body.stepUpUntil).toBeNull();
    expect((await as(anna, 'DELETE', '/api/me')).body.code).toBe('STEP_UP_REQUIRED');
  });

  test('is given by the password, for this session alone', async () => {
    const elsewhere = await server.signIn('anna@live.test');
    await ageProof(anna, 1000);
    const wrong = await as(anna, 'POST', '/api/auth-step-up', { password: 'wrong horse' });
    expect(wrong.body.code).toBe('INVALID_CREDENTIALS');
    const right = await as(anna, 'POST', '/api/auth-step-up', { password: 'correct horse' });
    expect(Date.parse(right.body.stepUpUntil) - Date.now()).toBeGreaterThan(290_000);
    expect((await as(anna, 'GET', '/api/me')).body.stepUpUntil).toBe(right.body.stepUpUntil);
    expect((await as(elsewhere, 'GET', '/api/me')).body.stepUpUntil).toBeNull();
  });

  test('no API token gives one', async () => {
    const { body } = await as(anna, 'POST', '/api/me/tokens', { name: 'x', scopes: ['read', 'write'] });
    const headers = { authorization: `Bearer ${String(body.token)}` };
    for (const [method, path, sent] of [
      ['POST', '/api/auth-step-up', { password: 'correct horse' }],
      ['GET', '/api/me/tokens', undefined],
      ['GET', '/api/me/sessions', undefined],
    ] as const)
      expect((await server.api(method, path, sent, { headers })).status).toBe(403);
    const more = { name: 'y', scopes: ['read'] };
    expect((await server.api('POST', '/api/me/tokens', more, { headers })).status).toBe(401);
    await as(anna, 'DELETE', `/api/me/tokens/${String(body.id)}`);
  });
});

describe('API tokens', () => {
  test('are shown once, stored as a hash, and do what their scopes say', async () => {
    const { body } = await as(anna, 'POST', '/api/me/tokens', { name: 'bot', scopes: ['read', 'read'] });
    expect(body.token).toMatch(/^tlat_[\w-]{43}$/);
    const headers = { authorization: `Bearer ${String(body.token)}` };
    expect(await server.accounts.resolver.resolve(headers)).toMatchObject({
      userId: anna.userId,
      by: 'api-token',
      role: 'user',
      scopes: ['read'],
    });
    const listed = await as(anna, 'GET', '/api/me/tokens');
    expect(listed.body.tokens).toEqual([
      expect.objectContaining({ id: body.id, name: 'bot', last4: String(body.token).slice(-4) }),
    ]);
    expect(listed.body.tokens[0].lastUsedAt).not.toBeNull();
    const rows = await server.test.database.asService((tx) =>
      tx.selectFrom('nchat_live_api_tokens').selectAll().execute(),
    );
    expect(JSON.stringify([listed.body, rows])).not.toContain(body.token);
  });

  test('revoked ones are dead at once, and only for their owner to revoke', async () => {
    const { body } = await as(anna, 'POST', '/api/me/tokens', { name: 'x', scopes: ['read'] });
    const headers = { authorization: `Bearer ${String(body.token)}` };
    await server.accounts.resolver.resolve(headers);
    expect((await as(bob, 'DELETE', `/api/me/tokens/${String(body.id)}`)).status).toBe(404);
    expect((await server.accounts.resolver.resolve(headers)).userId).toBe(anna.userId);
    expect((await as(anna, 'DELETE', `/api/me/tokens/${String(body.id)}`)).status).toBe(200);
    await expect(server.accounts.resolver.resolve(headers)).rejects.toMatchObject({ statusCode: 401 });
  });

  test('expired ones are dead', async () => {
    const wanted = { name: 'x', scopes: ['read'], expiresInDays: 1 };
    const { body } = await as(bob, 'POST', '/api/me/tokens', wanted);
    await server.test.database.asService((tx) =>
      tx
        .updateTable('nchat_live_api_tokens')
        .set({ expires_at: new Date(Date.now() - 1) })
        .where('id', '=', body.id)
        .execute(),
    );
    const headers = { authorization: `Bearer ${String(body.token)}` };
    await expect(server.accounts.resolver.resolve(headers)).rejects.toMatchObject({ statusCode: 401 });
  });

  test('only administrators make one with the scope admin', async () => {
    expect((await as(bob, 'POST', '/api/me/tokens', { name: 'x', scopes: ['admin'] })).status).toBe(403);
    const role = (role: 'user' | 'admin') =>
      server.test.database.asService((tx) =>
        tx
          .updateTable('nchat_live_accounts')
          .set({ server_role: role })
          .where('user_id', '=', bob.userId)
          .execute(),
      );
    await role('admin');
    await vi.waitFor(async () =>
      expect((await server.accounts.resolver.resolve(bob.cookie)).role).toBe('admin'),
    );
    const roles = async (scopes: string[]) => {
      const { body } = await as(bob, 'POST', '/api/me/tokens', { name: 'x', scopes });
      return { authorization: `Bearer ${String(body.token)}` };
    };
    const [admin, writer] = [await roles(['read', 'admin']), await roles(['read', 'write'])];
    expect((await server.accounts.resolver.resolve(admin)).role).toBe('admin');
    expect((await server.accounts.resolver.resolve(writer)).role).toBe('user');
    await role('user');
    await vi.waitFor(async () => expect((await server.accounts.resolver.resolve(admin)).role).toBe('user'));
  });

  test('3 are enough where 3 are the limit, also when they are made at once', async () => {
    const { body } = await as(anna, 'GET', '/api/me/tokens');
    for (const { id } of body.tokens) await as(anna, 'DELETE', `/api/me/tokens/${String(id)}`);
    const all = await Promise.all(
      [1, 2, 3, 4, 5].map((at) => as(anna, 'POST', '/api/me/tokens', { name: `t${at}`, scopes: ['read'] })),
    );
    expect(all.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 201, 409, 409]);
  });
});

describe('sessions', () => {
  test('are listed and ended for oneself alone', async () => {
    const there = await server.signIn('bob@live.test');
    const { body } = await as(bob, 'GET', '/api/me/sessions');
    expect(body.sessions).toHaveLength(2);
    const other = body.sessions.find((one: { isCurrent: boolean }) => !one.isCurrent);
    expect((await as(anna, 'DELETE', `/api/me/sessions/${String(other.id)}`)).status).toBe(404);
    expect((await as(bob, 'DELETE', `/api/me/sessions/${String(other.id)}`)).status).toBe(200);
    expect((await server.accounts.resolver.resolve(there.cookie)).userId).toBeUndefined();
    expect((await server.accounts.resolver.resolve(bob.cookie)).userId).toBe(bob.userId);
  });
});

test('a deleted account is gone with its user, tokens and sessions', async () => {
  const eve = await server.signUp('eve@live.test', 'Eve');
  const { body } = await as(eve, 'POST', '/api/me/tokens', { name: 'x', scopes: ['read'] });
  expect((await as(eve, 'DELETE', '/api/me')).status).toBe(200);
  expect((await server.accounts.resolver.resolve(eve.cookie)).userId).toBeUndefined();
  const headers = { authorization: `Bearer ${String(body.token)}` };
  await expect(server.accounts.resolver.resolve(headers)).rejects.toMatchObject({ statusCode: 401 });
  const rows = await server.test.database.asService((tx) =>
    tx.selectFrom('users').select('id').where('id', '=', eve.userId).execute(),
  );
  expect(rows).toEqual([]);
  await server.signUp('eve@live.test', 'Eve again');
});
