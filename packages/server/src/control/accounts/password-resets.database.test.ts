import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AccountActions } from '../../cli/account-actions.ts';
import { AccountServer } from './testing/account-server.ts';
import { SmtpSink } from './testing/smtp-sink.ts';

let server: AccountServer;
let sink: SmtpSink;
let actions: AccountActions;

beforeAll(async () => {
  sink = await SmtpSink.start();
  server = await AccountServer.open({ mail: { smtpUrl: sink.url, from: 'live@live.test' } });
  actions = new AccountActions(server.test.database, 'http://live.test');
});

afterAll(async () => {
  await server.close();
  await sink.close();
});

async function letterTo(email: string, subject: string): Promise<string> {
  return await vi.waitFor(
    () => {
      const letter = sink.letters.findLast(
        (one) => one.includes(`To: ${email}`) && one.includes(`Subject: ${subject}`),
      );
      if (letter === undefined) throw new Error(`no letter to ${email}: ${sink.letters.join('\n---\n')}`);
      return letter;
    },
    { timeout: 5000 },
  );
}

const tokenIn = (text: string) => /reset-password\?token=([\w-]+)/.exec(text)?.[1] ?? '';

describe('by mail', () => {
  test('the letter’s token sets a password once, and ends every session', async () => {
    await server.signUp('mail@live.test');
    const before = await server.signIn('mail@live.test');
    await server.auth('POST', '/request-password-reset', { email: 'mail@live.test' });
    const token = tokenIn(await letterTo('mail@live.test', 'Set a new password'));
    const body = { token, newPassword: 'battery staple' };
    expect((await server.auth('POST', '/reset-password', body)).status).toBe(200);
    expect((await server.accounts.resolver.resolve(before.cookie)).userId).toBeUndefined();
    await server.signIn('mail@live.test', 'battery staple');
    await expect(server.signIn('mail@live.test')).rejects.toThrow(/401/);
    expect((await server.auth('POST', '/reset-password', body)).status).toBe(400);
  });

  test('the token is not in the database', async () => {
    await server.signUp('hashed@live.test');
    await server.auth('POST', '/request-password-reset', { email: 'hashed@live.test' });
    const token = tokenIn(await letterTo('hashed@live.test', 'Set a new password'));
    const rows = await server.test.database.asService((tx) =>
      tx.selectFrom('accounts.verification').selectAll().execute(),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test('whether an address has an account is not told', async () => {
    const known = await server.auth('POST', '/request-password-reset', { email: 'hashed@live.test' });
    const unknown = await server.auth('POST', '/request-password-reset', { email: 'nobody@live.test' });
    expect(unknown.status).toBe(known.status);
    expect(unknown.body).toEqual(known.body);
  });

  test('a new account’s address is proven by the link in its letter', async () => {
    const { cookie } = await server.signUp('proof@live.test');
    const letter = await letterTo('proof@live.test', 'Is this your address?');
    const link = new URL(/http:\/\/live\.test\/api\/auth(\/verify-email\S+)/.exec(letter)?.[0] ?? '');
    const answer = await server.auth('GET', `/verify-email${link.search}`);
    expect(answer.status).toBeLessThan(400);
    const me = await server.api('GET', '/api/me', undefined, { headers: cookie });
    expect(me.body.emailVerified).toBe(true);
  });

  test('a mail server that is away is no error for the asker', async () => {
    const lonely = await AccountServer.open({ mail: { smtpUrl: 'smtp://127.0.0.1:1', from: 'a@live.test' } });
    await lonely.signUp('lonely@live.test');
    const answer = await lonely.auth('POST', '/request-password-reset', { email: 'lonely@live.test' });
    expect(answer.status).toBe(200);
    await lonely.close();
  });
});

test('without mail there is no reset by mail', async () => {
  const plain = await AccountServer.open();
  expect((await plain.api('GET', '/api/sign-in-options')).body.passwordResetByMail).toBe(false);
  await plain.signUp('plain@live.test');
  expect((await plain.auth('POST', '/request-password-reset', { email: 'plain@live.test' })).status).toBe(
    400,
  );
  await plain.close();
});

describe('what was given out before', () => {
  const reset = async (token: string) =>
    (await server.auth('POST', '/reset-password', { token, newPassword: 'battery staple' })).status;
  const linkFor = async (email: string) => tokenIn(await actions.run('reset-password', email, false));
  /** A program's access to an account. */
  async function program(email: string): Promise<{ authorization: string }> {
    const { cookie } = await server.signIn(email);
    const body = { name: 'p', scopes: ['read'] };
    const made = await server.api('POST', '/api/me/tokens', body, { headers: cookie });
    return { authorization: `Bearer ${made.body.token}` };
  }
  const isIn = (headers: { authorization: string }) =>
    server.accounts.resolver.resolve(headers).then(
      ({ userId }) => userId !== undefined,
      () => false,
    );

  test('a new link voids those before, on the command line and by mail', async () => {
    const email = 'links@live.test';
    await server.signUp(email);
    const old = await linkFor(email);
    const newer = await linkFor(email);
    expect(await reset(old)).toBe(400);
    await server.auth('POST', '/request-password-reset', { email });
    const mailed = tokenIn(await letterTo(email, 'Set a new password'));
    expect(await reset(newer)).toBe(400);
    expect(await reset(mailed)).toBe(200);
  });

  test('a password that is set voids links and API tokens', async () => {
    const email = 'void@live.test';
    await server.signUp(email);
    const headers = await program(email);
    expect(await isIn(headers)).toBe(true);
    const link = await linkFor(email);
    await actions.run('reset-password', email, true);
    expect(await reset(link)).toBe(400);
    await vi.waitFor(async () => expect(await isIn(headers)).toBe(false), { timeout: 3000 });
  });

  test('a link that is used revokes API tokens, of this person alone', async () => {
    const emails = ['loser@live.test', 'other@live.test'] as const;
    for (const email of emails) await server.signUp(email);
    const [lost, others] = [await program(emails[0]), await program(emails[1])];
    expect([await isIn(lost), await isIn(others)]).toEqual([true, true]);
    expect(await reset(await linkFor(emails[0]))).toBe(200);
    await vi.waitFor(async () => expect(await isIn(lost)).toBe(false), { timeout: 3000 });
    expect(await isIn(others)).toBe(true);
  });
});

describe('on the command line', () => {
  test('the link sets a password once, and ends every session', async () => {
    await server.signUp('cli@live.test');
    const before = await server.signIn('cli@live.test');
    const token = tokenIn(await actions.run('reset-password', 'CLI@live.test', false));
    const body = { token, newPassword: 'battery staple' };
    expect((await server.auth('POST', '/reset-password', body)).status).toBe(200);
    expect((await server.accounts.resolver.resolve(before.cookie)).userId).toBeUndefined();
    await server.signIn('cli@live.test', 'battery staple');
    expect((await server.auth('POST', '/reset-password', body)).status).toBe(400);
  });

  test('--generate prints a password that works at once', async () => {
    await server.signUp('generated@live.test');
    const before = await server.signIn('generated@live.test');
    const printed = await actions.run('reset-password', 'generated@live.test', true);
    await vi.waitFor(async () =>
      expect((await server.accounts.resolver.resolve(before.cookie)).userId).toBeUndefined(),
    );
    await server.signIn('generated@live.test', printed.split('\n')[1]);
  });

  test('administrators are made and unmade, but not the last one', async () => {
    const { userId } = await server.signUp('boss@live.test');
    await actions.run('grant-admin', 'boss@live.test', false);
    expect(await actions.list()).toMatch(new RegExp(`boss@live.test +Somebody +admin +${userId}`));
    await expect(actions.run('revoke-admin', 'boss@live.test', false)).rejects.toThrow(/last administrator/);
    await expect(actions.run('disable', 'boss@live.test', false)).rejects.toThrow(/last administrator/);
    await expect(actions.run('disable', 'nobody@live.test', false)).rejects.toThrow(/nobody signs in as/);
  });
});
