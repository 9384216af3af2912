import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccountServer, type SignedIn, signedIn } from './testing/account-server.ts';

let server: AccountServer;
let admin: SignedIn;

beforeAll(async () => {
  server = await AccountServer.open();
});

afterAll(async () => {
  await server.close();
});

const person = { email: 'first@live.test', password: 'correct horse', displayName: 'First' };

describe('the first administrator', () => {
  test('is made by the console’s token, once', async () => {
    const token = server.accounts.setupToken() ?? '';
    expect(token).toHaveLength(43);
    expect((await server.api('GET', '/api/sign-in-options')).body.needsSetup).toBe(true);
    for (const wrong of ['x', token.slice(1), `${token}x`]) {
      const answer = await server.api('POST', '/api/setup', { ...person, token: wrong });
      expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    }
    const both = await Promise.all(
      ['first@live.test', 'second@live.test'].map((email) =>
        server.api('POST', '/api/setup', { ...person, email, token }),
      ),
    );
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 401]);
    expect(server.accounts.setupToken()).toBeUndefined();
    expect((await server.api('GET', '/api/sign-in-options')).body.needsSetup).toBe(false);
    const email = both[0]?.status === 201 ? 'first@live.test' : 'second@live.test';
    admin = await server.signIn(email);
    expect(await server.accounts.resolver.resolve(admin.cookie)).toMatchObject({ role: 'admin' });
  });

  test('a taken address does not use the token up, and only the hash is stored', async () => {
    const other = await AccountServer.open();
    await other.signUp('first@live.test');
    const token = other.accounts.setupToken();
    expect((await other.api('POST', '/api/setup', { ...person, token })).body.code).toBe('CONFLICT');
    const rows = await other.test.database.asService((tx) =>
      tx.selectFrom('accounts.setup').selectAll().execute(),
    );
    expect(JSON.stringify(rows)).not.toContain(token);
    const answer = await other.api('POST', '/api/setup', { ...person, email: 'b@live.test', token });
    expect(answer.status).toBe(201);
    await other.close();
  });

  test('after a restart an earlier token is void; with an administrator there is none', async () => {
    const one = await AccountServer.open();
    const earlier = one.accounts.setupToken();
    const two = await AccountServer.open({}, one.test);
    expect((await one.api('POST', '/api/setup', { ...person, token: earlier })).status).toBe(401);
    await two.admin();
    const three = await AccountServer.open({}, one.test);
    expect(three.accounts.setupToken()).toBeUndefined();
    await Promise.all([two.accounts.close(), three.accounts.close()]);
    await one.close();
  });

  test('is not made on a host app’s database: there is no token, and one of before opens nothing', async () => {
    const one = await AccountServer.open();
    const token = one.accounts.setupToken();
    expect([one.accounts.isHosted, token]).toEqual([false, expect.any(String)]);
    await one.test.database.pool.query('DROP POLICY "Names are public" ON users');
    const two = await AccountServer.open({}, one.test);
    expect([two.accounts.isHosted, two.accounts.setupToken()]).toEqual([true, undefined]);
    const options = await two.api('GET', '/api/sign-in-options');
    expect(options.body).toMatchObject({ needsSetup: false, guests: false, signUp: 'closed' });
    expect((await two.api('POST', '/api/setup', { ...person, token })).status).toBe(401);
    await two.accounts.close();
    await one.close();
  });

  test('tries are limited: 20 a minute from one address', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 22; at++) {
      const body = { ...person, token: 'x' };
      statuses.push((await server.api('POST', '/api/setup', body, { address: '192.0.2.9' })).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    expect(statuses.slice(20)).toEqual([429, 429]);
  });
});

describe('administrators', () => {
  const asAdmin = (method: string, path: string, body?: unknown) =>
    server.api(method, path, body, { headers: admin.cookie });

  test('see everybody, page by page, and find somebody', async () => {
    await server.signUp('zoe@live.test', 'Zoe');
    const all = await asAdmin('GET', '/api/admin/accounts?limit=1');
    expect(all.body).toMatchObject({ total: 2, accounts: [{ email: 'zoe@live.test' }] });
    const found = await asAdmin('GET', '/api/admin/accounts?search=ZO');
    expect(found.body.accounts).toHaveLength(1);
    expect((await asAdmin('GET', '/api/admin/accounts?search=%25')).body.accounts).toEqual([]);
  });

  test('make accounts, also where sign-up is closed', async () => {
    const closed = await AccountServer.open({ signUp: 'closed' });
    const { cookie } = await closed.admin();
    await expect(closed.signUp('new@live.test')).rejects.toThrow(/400/);
    const made = await closed.api(
      'POST',
      '/api/admin/accounts',
      { email: 'New@live.test', displayName: 'New' },
      { headers: cookie },
    );
    expect(made).toMatchObject({ status: 201, body: { account: { email: 'new@live.test', role: 'user' } } });
    const token = new URL(made.body.passwordUrl).searchParams.get('token');
    const body = { token, newPassword: 'battery staple' };
    expect((await closed.auth('POST', '/reset-password', body)).status).toBe(200);
    await closed.signIn('new@live.test', 'battery staple');
    await closed.close();
  });

  test('make and unmake administrators, at once', async () => {
    const { userId, cookie } = await server.signUp('yan@live.test', 'Yan');
    expect((await server.accounts.resolver.resolve(cookie)).role).toBe('user');
    await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { role: 'admin' });
    expect((await server.accounts.resolver.resolve(cookie)).role).toBe('admin');
    await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { role: 'user' });
    expect((await server.accounts.resolver.resolve(cookie)).role).toBe('user');
  });

  test('disable somebody, at once and for every credential, and enable them', async () => {
    const { userId, cookie, bearer } = await server.signUp('xi@live.test', 'Xi');
    const token = await server.api(
      'POST',
      '/api/me/tokens',
      { name: 'x', scopes: ['read'] },
      { headers: cookie },
    );
    const api = { authorization: `Bearer ${String(token.body.token)}` };
    expect((await server.accounts.resolver.resolve(api)).userId).toBe(userId);
    await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { disabled: true });
    expect((await server.accounts.resolver.resolve(cookie)).userId).toBeUndefined();
    for (const headers of [bearer, api])
      await expect(server.accounts.resolver.resolve(headers)).rejects.toMatchObject({ statusCode: 401 });
    await expect(server.signIn('xi@live.test')).rejects.toThrow(/403/);
    await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { disabled: false });
    await server.signIn('xi@live.test');
  });

  test('end somebody’s sessions', async () => {
    const { userId, cookie } = await server.signUp('wu@live.test', 'Wu');
    expect((await asAdmin('DELETE', `/api/admin/accounts/${userId}/sessions`)).status).toBe(200);
    expect((await server.accounts.resolver.resolve(cookie)).userId).toBeUndefined();
  });

  test('the last one stays', async () => {
    for (const changes of [{ role: 'user' }, { disabled: true }])
      expect((await asAdmin('PATCH', `/api/admin/accounts/${admin.userId}`, changes)).status).toBe(409);
    expect((await asAdmin('DELETE', '/api/me')).status).toBe(409);
  });

  test('two of them cannot unmake each other', async () => {
    const { userId, cookie } = await server.signUp('vic@live.test', 'Vic');
    await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { role: 'admin' });
    const both = await Promise.all([
      asAdmin('PATCH', `/api/admin/accounts/${userId}`, { role: 'user' }),
      server.api('PATCH', `/api/admin/accounts/${admin.userId}`, { role: 'user' }, { headers: cookie }),
    ]);
    // Who comes too late for being the last is told so; who comes later still is no administrator any more.
    const [won, refused] = both.map(({ status }) => status).sort((a, b) => a - b);
    expect(won).toBe(200);
    expect([403, 409]).toContain(refused);
    const left = both[0]?.status === 200 ? admin : { userId, cookie };
    const lost = both[0]?.status === 200 ? userId : admin.userId;
    await server.api('PATCH', `/api/admin/accounts/${lost}`, { role: 'admin' }, { headers: left.cookie });
  });

  test('a guest cannot become one', async () => {
    const { userId } = signedIn(await server.auth('POST', '/sign-in/anonymous', { name: 'Guest' }));
    expect((await asAdmin('PATCH', `/api/admin/accounts/${userId}`, { role: 'admin' })).status).toBe(409);
  });

  test('nobody else may', async () => {
    const { cookie, userId } = await server.signUp('uma@live.test', 'Uma');
    for (const [method, path] of [
      ['GET', '/api/admin/accounts'],
      ['POST', '/api/admin/accounts'],
      ['PATCH', `/api/admin/accounts/${userId}`],
      ['DELETE', `/api/admin/accounts/${admin.userId}/sessions`],
    ] as const) {
      expect((await server.api(method, path, { role: 'admin' }, { headers: cookie })).status).toBe(403);
      expect((await server.api(method, path, { role: 'admin' })).status).toBe(401);
    }
  });
});
