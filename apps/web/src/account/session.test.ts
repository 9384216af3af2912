import { expect, test } from 'vitest';
import { nextPath } from './session.ts';

test.each([
  ['?next=/watch/abc', '/watch/abc'],
  ['?next=/studio%3Fx=1', '/studio?x=1'],
  ['', '/'],
  ['?next=//evil.example/x', '/'],
  ['?next=/%5Cevil.example', '/'],
  ['?next=https://evil.example', '/'],
  ['?next=javascript:alert(1)', '/'],
])('after signing in with %s the page is %s', (search, path) => {
  expect(nextPath(search)).toBe(path);
});
