import { describe, expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { systemClock } from '../../platform/clock.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { AttemptLimits } from './attempt-limits.ts';
import { AuthHandler, type AuthHandlerOptions } from './auth-handler.ts';
import { TrustedOrigins } from './trusted-origins.ts';

function handler(options: Partial<AuthHandlerOptions> = {}) {
  const seen: { request: Request; text: string }[] = [];
  const door = new AuthHandler({
    library: async (request) => {
      seen.push({ request, text: await request.clone().text() });
      return Response.json({});
    },
    origins: new TrustedOrigins(['http://live.test']),
    attempts: new AttemptLimits(DEFAULT_ACCOUNTS_LIMITS),
    limits: DEFAULT_ACCOUNTS_LIMITS,
    accountId: () => Promise.resolve(undefined),
    signedIn: () => Promise.resolve(NOBODY),
    clock: systemClock,
    ...options,
  });
  return { door, seen };
}

function signIn(body: string, headers: Record<string, string> = {}): Request {
  return new Request('http://host.invalid/api/auth/sign-in/email', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

const good = '{"email":"a@live.test","password":"x"}';

describe('what reaches the library', () => {
  test('is what was checked: of a member that comes twice the last, and nothing that is not known', async () => {
    const { door, seen } = handler();
    await door.handle(
      signIn(`{"email":"b@live.test","__proto__":{"x":1},"role":"admin",${good.slice(1)}`),
      '192.0.2.1',
    );
    expect(seen[0]?.text).toBe(good);
  });

  test('has no header of a proxy, and the address that the server found', async () => {
    const { door, seen } = handler();
    const headers = {
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=1.1.1.1',
    };
    await door.handle(signIn(good, headers), '2001:db8::/64');
    const names = [...(seen[0]?.request.headers.keys() ?? [])].filter((name) => /^x-|^forwarded/.test(name));
    expect(names).toEqual(['x-tallylight-address']);
    expect(seen[0]?.request.headers.get('x-tallylight-address')).toBe('2001:db8::');
  });

  test.each(['[]', 'null', '"x"', '{', '', '{"email":{"$ne":null},"password":"x"}'])(
    'is not %s',
    async (body) => {
      const { door, seen } = handler();
      expect((await door.handle(signIn(body), '192.0.2.1')).status).toBe(400);
      expect(seen).toEqual([]);
    },
  );
});

describe('what the library could not do', () => {
  test('is 503 with Retry-After, and tells nothing of what went wrong', async () => {
    const timedOut = () => Promise.reject(new Error('Query read timeout'));
    const broke = () =>
      Promise.resolve(Response.json({ message: 'relation accounts.user' }, { status: 500 }));
    for (const library of [timedOut, broke]) {
      const answer = await handler({ library }).door.handle(signIn(good), '192.0.2.1');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      const body: unknown = await answer.json();
      expect(body).toMatchObject({ code: 'UNAVAILABLE' });
      expect(JSON.stringify(body)).not.toContain('relation');
    }
  });

  test('and nobody foresaw is an error for who called', async () => {
    const { door } = handler({ library: () => Promise.reject(new TypeError('a bug')) });
    await expect(door.handle(signIn(good), '192.0.2.1')).rejects.toThrow('a bug');
  });
});

describe('how many sign in at once', () => {
  test('is bounded: so many are let in, so many wait, one more is 503', async () => {
    const held: (() => void)[] = [];
    const library = async (): Promise<Response> => {
      await new Promise<void>((resolve) => held.push(resolve));
      return Response.json({});
    };
    const limits = { ...DEFAULT_ACCOUNTS_LIMITS, signInsAtOnce: 2, signInsWaiting: 1 };
    const { door } = handler({ library, limits });
    const ask = (index: number) => door.handle(signIn(good.replace('a@', `a${index}@`)), `192.0.2.${index}`);
    const three = [ask(1), ask(2), ask(3)];
    await expect.poll(() => held.length).toBe(2);
    const refused = await ask(4);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    held.shift()?.();
    await expect.poll(() => held.length).toBe(2);
    for (const go of held) go();
    expect((await Promise.all(three)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
