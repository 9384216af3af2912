import { expect, test } from 'vitest';
import { newcomerLine } from './newcomer-line.ts';

const hostApp = { issuer: 'nchat', audience: 'live', key: { secret: 'x'.repeat(32) } };
const facts = { base: 'https://live.test', setupToken: undefined, isHosted: false, hostApp: undefined };

test('a server without an administrator prints the link that makes one, also beside a host app', () => {
  const link = '  Make yourself the administrator:  https://live.test/setup#abc';
  expect(newcomerLine({ ...facts, setupToken: 'abc' })).toBe(link);
  expect(newcomerLine({ ...facts, setupToken: 'abc', hostApp })).toBe(link);
});

test('one that has an administrator prints nothing', () => {
  expect(newcomerLine(facts)).toBeUndefined();
});

test('on a host app’s database it says in one line how people come in, and never prints a link', () => {
  for (const setupToken of [undefined, 'abc']) {
    const line = newcomerLine({ ...facts, setupToken, isHosted: true, hostApp });
    expect(line).toMatch(
      /^ {2}People come in with a JWT of the host app \(iss nchat\); administrators have “admin”[^\n]*$/,
    );
    expect(line).not.toMatch(/setup|abc|xxxx/);
  }
});

test('on a host app’s database without its keys it names the settings that are missing', () => {
  const line = newcomerLine({ ...facts, isHosted: true });
  expect(line).toMatch(/AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE and AUTH_JWKS_URL or AUTH_JWT_SECRET$/);
});
