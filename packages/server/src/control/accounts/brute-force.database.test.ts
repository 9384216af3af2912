import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClientAddresses } from '../../http/address.ts';
import { AccountServer } from './testing/account-server.ts';

let server: AccountServer;
const addresses = new ClientAddresses();

beforeAll(async () => {
  server = await AccountServer.open();
  await server.signUp('victim@live.test');
  await server.signUp('other@live.test');
});

afterAll(async () => {
  await server.close();
});

/** An attacker's try: the connection's address as the server finds it, and headers that pretend others. */
async function tried(at: number, peer: string, email: string): Promise<number> {
  const headers = {
    'x-forwarded-for': `198.51.${at >> 8}.${at & 255}`,
    forwarded: `for=198.51.${at >> 8}.${at & 255}`,
    'x-real-ip': `198.51.${at >> 8}.${at & 255}`,
    'x-tallylight-address': `198.51.${at >> 8}.${at & 255}`,
    'cf-connecting-ip': `198.51.${at >> 8}.${at & 255}`,
  };
  const address = addresses.of({ headers, socket: { remoteAddress: peer } });
  const answer = await server.auth(
    'POST',
    '/sign-in/email',
    { email, password: `wrong horse ${at}` },
    { headers, address },
  );
  return answer.status;
}

async function countOf1000(attempt: (at: number) => Promise<number>): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (let at = 0; at < 1000; at++) {
    const status = await attempt(at);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

test('1000 tries on one account: 5 are compared, whatever the headers and spellings say', async () => {
  const spelled = ['victim@live.test', 'VICTIM@live.test', 'Victim@Live.Test'];
  const peers = (at: number) => [`203.0.113.${at % 256}`, `2001:db8:${at.toString(16)}::1`][at % 2] ?? '';
  const counts = await countOf1000((at) => tried(at, peers(at), spelled[at % 3] ?? ''));
  expect(Object.fromEntries(counts)).toEqual({ 401: 5, 429: 995 });
});

test('1000 tries from one address on many accounts: 20 are compared, also when the address comes mapped into IPv6', async () => {
  const mapped = ['198.18.0.1', '::ffff:198.18.0.1', '::FFFF:198.18.0.1', '::ffff:c612:1'];
  const counts = await countOf1000((at) => tried(at, mapped[at % 4] ?? '', `nobody${at}@live.test`));
  expect(Object.fromEntries(counts)).toEqual({ 401: 20, 429: 980 });
});

test('1000 tries from one /64 of IPv6 are tries from one address', async () => {
  const counts = await countOf1000((at) =>
    tried(at, `2001:db8:ffff:1:${at.toString(16)}::${at.toString(16)}`, `nobody${at}@live.test`),
  );
  expect(Object.fromEntries(counts)).toEqual({ 401: 20, 429: 980 });
});

test('address and user name of one account are one account', async () => {
  const { cookie } = await server.signIn('other@live.test');
  await server.api('PATCH', '/api/me', { username: 'other' }, { headers: cookie });
  const statuses: number[] = [];
  for (let at = 0; at < 4; at++) {
    const password = `wrong horse ${at}`;
    statuses.push(
      (await server.auth('POST', '/sign-in/email', { email: 'other@live.test', password })).status,
    );
    statuses.push((await server.auth('POST', '/sign-in/username', { username: 'other', password })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
});

test('the password of a session is no way around', async () => {
  await server.signUp('inside@live.test');
  const { cookie } = await server.signIn('inside@live.test');
  const statuses: number[] = [];
  for (let at = 0; at < 4; at++) {
    const wrong = { currentPassword: `wrong ${at}`, newPassword: 'battery staple' };
    statuses.push((await server.auth('POST', '/change-password', wrong, { headers: cookie })).status);
    const proof = await server.api('POST', '/api/auth-step-up', { password: 'no' }, { headers: cookie });
    statuses.push(proof.status);
  }
  expect(statuses).toEqual([400, 401, 400, 401, 400, 429, 429, 429]);
});

test('somebody else’s token beside a stolen cookie does not change whose password is counted', async () => {
  const victim = await server.signUp('stolen@live.test');
  const attacker = await server.signUp('attacker@live.test');
  const token = await server.api(
    'POST',
    '/api/me/tokens',
    { name: 'x', scopes: ['read'] },
    { headers: attacker.cookie },
  );
  const headers = { ...victim.cookie, authorization: `Bearer ${String(token.body.token)}` };
  const statuses: number[] = [];
  for (let at = 0; at < 6; at++) {
    const wrong = { currentPassword: `wrong ${at}`, newPassword: 'battery staple' };
    statuses.push((await server.auth('POST', '/change-password', wrong, { headers })).status);
    // A success of the attacker’s own would begin the count anew, were it theirs.
    await server.signIn('attacker@live.test');
  }
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
});

test('who signs in may still send a token that has ended', async () => {
  const { bearer } = await server.signUp('again@live.test');
  await server.auth('POST', '/sign-out', undefined, { headers: bearer });
  const answer = await server.signIn('again@live.test', 'correct horse', { headers: bearer });
  expect(answer.userId).toBeDefined();
});

test('a refusal has Retry-After', async () => {
  // Of its own, because a busy machine takes longer than a window for the tests before.
  const ask = () =>
    server.auth('POST', '/sign-in/email', { email: 'sixth@live.test', password: 'wrong horse' });
  for (let at = 0; at < 5; at++) expect((await ask()).status).toBe(401);
  const answer = await ask();
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.body.code).toBe('RATE_LIMITED');
});

test('5 accounts an hour from one address, and 3 resets', async () => {
  const statuses: number[] = [];
  for (let at = 0; at < 6; at++) {
    const body = { email: `new${at}@live.test`, name: 'New', password: 'correct horse' };
    statuses.push((await server.auth('POST', '/sign-up/email', body, { address: '192.0.2.50' })).status);
  }
  for (let at = 0; at < 4; at++) {
    const body = { email: `new${at}@live.test` };
    const answer = await server.auth('POST', '/request-password-reset', body, { address: '192.0.2.51' });
    statuses.push(answer.status === 429 ? 429 : 0);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 0, 0, 0, 429]);
});
