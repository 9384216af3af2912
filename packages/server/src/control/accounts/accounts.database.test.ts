import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccountServer, signedIn } from './testing/account-server.ts';

let server: AccountServer;

beforeAll(async () => {
  server = await AccountServer.open();
});

afterAll(async () => {
  await server.close();
});

describe('signing up and in', () => {
  test('an account is a user with the same id', async () => {
    const { userId, cookie } = await server.signUp('Anna@Live.test', 'Anna');
    const me = await server.api('GET', '/api/me', undefined, { headers: cookie });
    expect(me.body).toMatchObject({
      id: userId,
      displayName: 'Anna',
      email: 'anna@live.test',
      isGuest: false,
      role: 'user',
      signedInBy: 'session',
    });
    expect(userId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const rows = await server.test.database.asService((tx) =>
      tx.selectFrom('users').select('display_name').where('id', '=', userId).execute(),
    );
    expect(rows).toEqual([{ display_name: 'Anna' }]);
  });

  test('the cookie and the bearer token are the same person', async () => {
    await server.signUp('bea@live.test', 'Bea');
    const { userId, bearer, cookie } = await server.signIn('bea@live.test');
    for (const headers of [bearer, cookie])
      expect(await server.accounts.resolver.resolve(headers)).toMatchObject({ userId, by: 'session' });
  });

  test('the cookie is HttpOnly, Lax, for 30 days, and not Secure without TLS', async () => {
    await server.signUp('cookie@live.test');
    const { answer } = await server.signIn('cookie@live.test');
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^tallylight\.session_token=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test('a page does not see the token that its cookie hides', async () => {
    const { answer } = await server.signIn('cookie@live.test', 'correct horse', {
      headers: { origin: 'http://live.test' },
    });
    expect(answer.headers.has('set-auth-token')).toBe(false);
  });

  test('tokens of sessions are hashed in the database, and a hash or an unsigned token opens nothing', async () => {
    await server.signUp('hash@live.test');
    const { answer, bearer } = await server.signIn('hash@live.test');
    const raw: string = answer.body.token;
    expect(bearer.authorization).toContain(raw);
    const stored = await server.test.database.asService((tx) =>
      tx.selectFrom('accounts.session').select('token').execute(),
    );
    expect(stored.map(({ token }) => token)).not.toContain(raw);
    for (const token of [raw, ...stored.map((row) => row.token)])
      await expect(
        server.accounts.resolver.resolve({ authorization: `Bearer ${token}` }),
      ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('9 characters are no password, 10 are', async () => {
    const body = { email: 'ten@live.test', name: 'Ten' };
    expect((await server.auth('POST', '/sign-up/email', { ...body, password: '123456789' })).status).toBe(
      400,
    );
    expect((await server.auth('POST', '/sign-up/email', { ...body, password: '1234567890' })).status).toBe(
      200,
    );
  });

  test('25 characters are a name, 26 are not', async () => {
    const body = { email: 'name@live.test', password: 'correct horse' };
    expect((await server.auth('POST', '/sign-up/email', { ...body, name: 'ü'.repeat(26) })).status).toBe(400);
    expect((await server.auth('POST', '/sign-up/email', { ...body, name: 'ü'.repeat(25) })).status).toBe(200);
  });

  test('two at once with one address: one account', async () => {
    const body = { email: 'twins@live.test', name: 'Twin', password: 'correct horse' };
    const all = await Promise.all([1, 2, 3, 4].map(() => server.auth('POST', '/sign-up/email', body)));
    const statuses = all.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses[0]).toBe(200);
    for (const status of statuses.slice(1)) expect([409, 422]).toContain(status);
  });

  test('a wrong password is refused with our code and no cookie', async () => {
    await server.signUp('wrong@live.test');
    const answer = await server.auth('POST', '/sign-in/email', {
      email: 'wrong@live.test',
      password: 'wrong horse',
    });
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('INVALID_CREDENTIALS');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('one signs in by user name, too', async () => {
    const { cookie } = await server.signUp('user@live.test');
    await server.api('PATCH', '/api/me', { username: 'The.User' }, { headers: cookie });
    const answer = await server.auth('POST', '/sign-in/username', {
      username: 'THE.user',
      password: 'correct horse',
    });
    expect(answer.status).toBe(200);
  });

  test('a taken user name is a conflict', async () => {
    const { cookie } = await server.signUp('second@live.test');
    const answer = await server.api('PATCH', '/api/me', { username: 'the.user' }, { headers: cookie });
    expect(answer).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  test('signing out ends the session for the resolver at once', async () => {
    await server.signUp('out@live.test');
    const { cookie, bearer, userId } = await server.signIn('out@live.test');
    expect((await server.accounts.resolver.resolve(cookie)).userId).toBe(userId);
    expect((await server.auth('POST', '/sign-out', undefined, { headers: cookie })).status).toBe(200);
    expect((await server.accounts.resolver.resolve(cookie)).userId).toBeUndefined();
    await expect(server.accounts.resolver.resolve(bearer)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a session that is used after a day is extended, with its cookie', async () => {
    await server.signUp('slide@live.test');
    const { cookie, userId } = await server.signIn('slide@live.test');
    expect(
      (await server.api('GET', '/api/me', undefined, { headers: cookie })).headers.getSetCookie(),
    ).toEqual([]);
    const days = async () => {
      const { rows } = await sql<{ days: number }>`
        SELECT round(extract(epoch FROM max(expires_at) - now()) / 86400)::int AS days
        FROM accounts.session WHERE user_id = ${userId}`.execute(tx_);
      return rows[0]?.days;
    };
    let tx_: Parameters<Parameters<typeof server.test.database.asService>[0]>[0];
    await server.test.database.asService(async (tx) => {
      tx_ = tx;
      await sql`UPDATE accounts.session SET expires_at = now() + interval '20 days' WHERE user_id = ${userId}`.execute(
        tx,
      );
    });
    const answer = await server.api('GET', '/api/me', undefined, { headers: cookie });
    expect(answer.headers.getSetCookie()[0]).toContain('Max-Age=2592000');
    await server.test.database.asService(async (tx) => {
      tx_ = tx;
      expect(await days()).toBe(30);
    });
  });

  test('changing the password ends the other sessions', async () => {
    await server.signUp('change@live.test');
    const other = await server.signIn('change@live.test');
    const own = await server.signIn('change@live.test');
    const answer = await server.auth(
      'POST',
      '/change-password',
      { currentPassword: 'correct horse', newPassword: 'battery staple' },
      { headers: own.cookie },
    );
    const now = signedIn(answer);
    expect((await server.accounts.resolver.resolve(other.cookie)).userId).toBeUndefined();
    expect((await server.accounts.resolver.resolve(now.cookie)).userId).toBe(own.userId);
    await server.signIn('change@live.test', 'battery staple');
  });
});

describe('guests', () => {
  test('a guest has the name they chose, and no account', async () => {
    const { cookie, userId } = signedIn(
      await server.auth('POST', '/sign-in/anonymous', { name: ' Guest 7 ' }),
    );
    expect(await server.accounts.resolver.resolve(cookie)).toMatchObject({
      userId,
      isGuest: true,
      role: 'user',
    });
    const me = await server.api('GET', '/api/me', undefined, { headers: cookie });
    expect(me.body).toMatchObject({ displayName: 'Guest 7', isGuest: true, email: null, stepUpUntil: null });
    expect((await server.api('GET', '/api/me/tokens', undefined, { headers: cookie })).status).toBe(403);
  });

  test('a guest without a name is refused', async () => {
    for (const body of [{}, { name: '' }, { name: 'x'.repeat(26) }, { name: 'a\u202eb' }])
      expect((await server.auth('POST', '/sign-in/anonymous', body)).status).toBe(400);
  });

  test('a guest who signs in is that account from then on, and what they wrote stays', async () => {
    await server.signUp('was.guest@live.test');
    const guest = signedIn(await server.auth('POST', '/sign-in/anonymous', { name: 'Guest' }));
    const account = await server.signIn('was.guest@live.test', 'correct horse', { headers: guest.cookie });
    expect((await server.accounts.resolver.resolve(guest.cookie)).userId).toBeUndefined();
    expect((await server.accounts.resolver.resolve(account.cookie)).isGuest).toBe(false);
    const rows = await server.test.database.asService((tx) =>
      tx.selectFrom('users').select('id').where('id', '=', guest.userId).execute(),
    );
    expect(rows).toHaveLength(1);
  });
});

describe('what the library may not do', () => {
  test('members that are not asked for do not reach it', async () => {
    const { userId, cookie } = signedIn(
      await server.auth('POST', '/sign-up/email', {
        email: 'mass@live.test',
        name: 'Mass',
        password: 'correct horse',
        id: '0192f0c1-0000-7000-8000-000000000001',
        emailVerified: true,
        isAnonymous: true,
        role: 'admin',
        server_role: 'admin',
        userId: 'x',
      }),
    );
    expect(userId).not.toBe('0192f0c1-0000-7000-8000-000000000001');
    const me = await server.api('GET', '/api/me', undefined, { headers: cookie });
    expect(me.body).toMatchObject({ emailVerified: false, isGuest: false, role: 'user' });
  });

  test.each([
    ['POST', '/update-user'],
    ['POST', '/delete-user'],
    ['POST', '/change-email'],
    ['GET', '/list-sessions'],
    ['POST', '/revoke-session'],
    ['POST', '/verify-password'],
    ['POST', '/set-password'],
    ['POST', '/update-session'],
    ['POST', '/delete-anonymous-user'],
    ['POST', '/get-access-token'],
    ['POST', '/link-social'],
    ['GET', '/reset-password/x'],
    ['POST', '/sign-jwt'],
    ['GET', '/__proto__'],
    ['POST', '/sign-in/email/'],
    ['POST', '/sign-in//email'],
    ['PUT', '/sign-in/email'],
  ])('%s %s does not exist', async (method, path) => {
    const { cookie } = await server.signIn('anna@live.test');
    expect(
      (await server.auth(method, path, method === 'GET' ? undefined : {}, { headers: cookie })).status,
    ).toBe(404);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    'application/json\t; x',
    '',
  ])('a body of type %j is refused or read as JSON', async (type) => {
    const answer = await server.auth(
      'POST',
      '/sign-in/email',
      'email=anna@live.test&password=correct horse',
      { headers: { 'content-type': type } },
    );
    expect([400, 415]).toContain(answer.status);
  });

  test('16 KB are a body, one byte more is not', async () => {
    const padded = (size: number) => {
      const body = JSON.stringify({ email: 'anna@live.test', password: 'correct horse', x: '' });
      return body.replace('"x":""', `"x":"${'x'.repeat(size - body.length)}"`);
    };
    expect((await server.auth('POST', '/sign-in/email', padded(16_384))).status).toBe(200);
    expect((await server.auth('POST', '/sign-in/email', padded(16_385))).status).toBe(413);
  });
});

test('the request role sees nothing of the schema accounts', async () => {
  for (const table of ['user', 'session', 'account', 'verification', 'passkey', 'jwks', 'setup'])
    await expect(
      server.test.database.asUser({ userId: undefined, role: 'admin' }, (tx) =>
        sql`SELECT 1 FROM accounts.${sql.ref(table)}`.execute(tx),
      ),
    ).rejects.toThrow(/permission denied/);
});
