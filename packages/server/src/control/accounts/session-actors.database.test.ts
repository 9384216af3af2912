import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { AccountServer } from './testing/account-server.ts';

const secret = 'a secret of the host app, long enough';
const hostApp = { issuer: 'app', audience: 'live', key: { secret } };
let server: AccountServer;

beforeAll(async () => {
  server = await AccountServer.open({ signUp: 'open', hostApp });
});

afterAll(async () => {
  await server.close();
});

async function hostToken(claims: Record<string, unknown>): Promise<{ authorization: string }> {
  const token = await new SignJWT({ iss: 'app', aud: 'live', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(createSecretKey(Buffer.from(secret)));
  return { authorization: `Bearer ${token}` };
}

const resolve = (headers: Record<string, string>) => server.accounts.resolver.resolve(headers);

const nowSec = () => Math.floor(Date.now() / 1000);

describe('host apps', () => {
  test('a token that was just made, without saying when somebody proved who they are, is no step-up', async () => {
    const headers = await hostToken({ sub: v7() });
    expect((await resolve(headers)).provenAtMs).toBeUndefined();
    const body = { name: 'p', scopes: ['read'] };
    const made = await server.api('POST', '/api/me/tokens', body, { headers });
    expect([made.status, made.body.code]).toEqual([401, 'STEP_UP_REQUIRED']);
  });

  test('a person is entered at the first token, with what it says of them', async () => {
    const userId = v7();
    const headers = await hostToken({ sub: userId, name: 'From the app', auth_time: nowSec() });
    expect(await resolve(headers)).toMatchObject({
      userId,
      role: 'user',
      by: 'host-token',
      displayName: 'From the app',
      provenAtMs: expect.any(Number),
    });
    const me = await server.api('GET', '/api/me', undefined, { headers });
    expect(me.body).toMatchObject({ id: userId, email: null, signedInBy: 'host-token' });
  });

  test('a token as long as one may be is read, one that is longer is not', async () => {
    const headers = await hostToken({ sub: v7() });
    const length = headers.authorization.length - 'Bearer '.length;
    const by = async (credentialChars: number) => {
      const limits = { ...DEFAULT_ACCOUNTS_LIMITS, credentialChars };
      const other = await AccountServer.open({ signUp: 'open', hostApp, limits }, server.test);
      try {
        return await other.accounts.resolver.resolve(headers);
      } finally {
        await other.accounts.close();
      }
    };
    expect(await by(length)).toMatchObject({ by: 'host-token' });
    await expect(by(length - 1)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('their names are the host app’s to change, and their account to delete', async () => {
    const headers = await hostToken({ sub: v7(), auth_time: nowSec() });
    expect((await server.api('PATCH', '/api/me', { displayName: 'X' }, { headers })).status).toBe(403);
    expect((await server.api('DELETE', '/api/me', undefined, { headers })).status).toBe(403);
  });

  test('an allowed role admin is an administrator', async () => {
    const claims = { 'x-hasura-user-id': v7(), 'x-hasura-allowed-roles': ['admin'] };
    expect(await resolve(await hostToken({ 'https://hasura.io/jwt/claims': claims }))).toMatchObject({
      role: 'admin',
    });
  });

  test('in a host app’s own database nobody is entered', async () => {
    const strict = await AccountServer.open({
      hostApp: { issuer: 'app', audience: 'live', key: { secret } },
    });
    await strict.test.database.pool.query('DROP POLICY "Names are public" ON users');
    await expect(strict.accounts.resolver.resolve(await hostToken({ sub: v7() }))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await strict.close();
  });

  test('with a host app sign-up is closed unless it was opened', async () => {
    const strict = await AccountServer.open({
      hostApp: { issuer: 'app', audience: 'live', key: { secret } },
    });
    const options = await strict.api('GET', '/api/sign-in-options');
    expect(options.body.signUp).toBe('closed');
    await expect(strict.signUp('anna@live.test')).rejects.toThrow(/sign up/i);
    await strict.close();
  });
});

describe('credentials', () => {
  test('none is nobody', async () => {
    expect(await resolve({})).toMatchObject({ userId: undefined, role: 'anonymous', by: 'nobody' });
    expect(await resolve({ cookie: 'other=1' })).toMatchObject({ userId: undefined });
  });

  test.each([
    'Basic YTpi',
    'Bearer',
    'Bearer x',
    'Bearer x.y',
    'Bearer x.y.z',
    'Bearer tlat_x',
    'Bearer tlat_',
    'Bearer a b',
    `Bearer ${'x'.repeat(9000)}`,
  ])('Authorization: %s is refused', async (authorization) => {
    await expect(resolve({ authorization })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test.each([
    'tallylight.session_token=x',
    'tallylight.session_token=%E0%A4%A.x',
    'tallylight.session_token=a.b',
  ])('the cookie %s is nobody’s', async (cookie) => {
    expect((await resolve({ cookie })).userId).toBeUndefined();
  });

  test('a cookie that another server signed is nobody’s', async () => {
    const foreign = await AccountServer.open({}, server.test);
    await foreign.signUp('foreign@live.test');
    const { cookie } = await foreign.signIn('foreign@live.test');
    expect((await foreign.accounts.resolver.resolve(cookie)).userId).toBeDefined();
    expect((await resolve(cookie)).userId).toBeUndefined();
    await foreign.accounts.close();
  });
});

describe('changes hold within two seconds', () => {
  async function gone(headers: Record<string, string>): Promise<number> {
    const from = performance.now();
    await vi.waitFor(async () => expect((await resolve(headers)).userId).toBeUndefined(), {
      timeout: 5000,
      interval: 20,
    });
    return performance.now() - from;
  }

  test('a session that another process ends, and the bus hears of it', async () => {
    const { userId, cookie } = await server.signUp('elsewhere@live.test');
    expect((await resolve(cookie)).userId).toBe(userId);
    const heard = new Promise((resolved) => {
      server.events.once('access-changed', resolved);
    });
    await server.test.database.asService((tx) =>
      sql`DELETE FROM accounts.session WHERE user_id = ${userId}`.execute(tx),
    );
    expect(await gone(cookie)).toBeLessThan(2000);
    expect(await heard).toMatchObject({ userId, sessionId: expect.any(String) });
  });

  test('an account that another process disables', async () => {
    const { userId, cookie } = await server.signUp('disabled@live.test');
    expect((await resolve(cookie)).userId).toBe(userId);
    await server.test.database.asService((tx) =>
      tx
        .updateTable('nchat_live_accounts')
        .set({ disabled_at: new Date() })
        .where('user_id', '=', userId)
        .execute(),
    );
    expect(await gone(cookie)).toBeLessThan(2000);
    await expect(server.signIn('disabled@live.test')).rejects.toThrow(/disabled/);
  });

  test('while nobody can be heard, what is remembered runs out', async () => {
    const { userId, cookie } = await server.signUp('deaf@live.test');
    await server.test.database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'tallylight access' AND datname = current_database()`,
    );
    expect((await resolve(cookie)).userId).toBe(userId);
    await server.test.database.asService((tx) =>
      sql`DELETE FROM accounts.session WHERE user_id = ${userId}`.execute(tx),
    );
    expect(await gone(cookie)).toBeLessThan(2000);
  });

  test('the connection that hears comes back', async () => {
    const { userId, cookie } = await server.signUp('back@live.test');
    await vi.waitFor(
      async () => {
        const heard = vi.fn();
        server.events.once('access-changed', heard);
        await server.test.database.asService((tx) =>
          tx
            .updateTable('nchat_live_accounts')
            .set({ server_role: 'user' })
            .where('user_id', '=', userId)
            .execute(),
        );
        await vi.waitFor(() => expect(heard).toHaveBeenCalled(), { timeout: 200 });
      },
      { timeout: 10_000, interval: 100 },
    );
    expect((await resolve(cookie)).userId).toBe(userId);
  });
});
