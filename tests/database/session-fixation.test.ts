import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { ControlServer } from '../support/control-server.ts';

const COOKIE = /^[^=;]*session_token=[^;]+/;
const password = 'a password of nobody in particular';

let server: ControlServer;
beforeAll(async () => {
  server = await ControlServer.start();
});
afterAll(() => server.close());

/** Calls what is below /api/auth as a page of ours does; gives the session cookie that is set and who that is then. */
async function auth(
  path: string,
  body: object,
  cookie?: string,
): Promise<{ status: number; cookie: string }> {
  const answer = await fetchOnce(`${server.url}/api/auth${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: 'http://127.0.0.1',
      ...(cookie === undefined ? {} : { cookie }),
    },
    body: JSON.stringify(body),
  });
  const set = [answer.headers['set-cookie'] ?? []].flat();
  const found = set.flatMap((each) => COOKIE.exec(each)?.[0] ?? []).at(-1);
  return { status: answer.status, cookie: found ?? '' };
}

/** Whose a cookie is. */
async function whose(cookie: string): Promise<string | undefined> {
  const { status, body } = await fetchOnce(`${server.url}/api/me`, { headers: { cookie } });
  return status === 200 ? (JSON.parse(body.toString()) as { id: string }).id : undefined;
}

test('a session that somebody planted never becomes that of who signs in over it', async () => {
  const attacker = await auth('/sign-up/email', { name: 'Mallory', email: 'mallory@example.org', password });
  const victim = await auth('/sign-up/email', { name: 'Vera', email: 'vera@example.org', password });
  const [mallory, vera] = [await whose(attacker.cookie), await whose(victim.cookie)];
  expect([mallory, vera]).toEqual([expect.any(String), expect.any(String)]);
  expect(mallory).not.toBe(vera);
  const guest = await auth('/sign-in/anonymous', { name: 'Guest' });
  const made = attacker.cookie.replace(/=.*/, `=${'A'.repeat(32)}.${'B'.repeat(43)}%3D`);

  for (const planted of [attacker.cookie, guest.cookie, made]) {
    const signedIn = await auth('/sign-in/email', { email: 'vera@example.org', password }, planted);
    expect(signedIn.status).toBe(200);
    expect(signedIn.cookie).not.toBe('');
    expect(signedIn.cookie).not.toBe(planted);
    expect(await whose(signedIn.cookie)).toBe(vera);
    expect(await whose(planted)).not.toBe(vera);
  }
});

test('after signing out the cookie opens nothing, whoever kept it', async () => {
  const { cookie } = await auth('/sign-in/email', { email: 'vera@example.org', password });
  expect(await whose(cookie)).toEqual(expect.any(String));
  await auth('/sign-out', {}, cookie);
  expect(await whose(cookie)).toBeUndefined();
});
