import { expect, test } from 'vitest';
import { nativeLogLine } from './native-log.ts';

test('a line of the native library loses the ICE password that it may hold', () => {
  expect(nativeLogLine('STUN integrity check failed, password="W8wGGgdCJmEk Dn5Q"')).toEqual({
    line: 'STUN integrity check failed, password=…',
  });
  expect(nativeLogLine('a=ice-pwd:W8wGGgdCJmEkDn5QZNasf0')).toEqual({ line: 'a=ice-pwd:…' });
});

test('only the first line counts, at most 500 characters of it', () => {
  expect(nativeLogLine('first\nv=0\na=secret')).toEqual({ line: 'first' });
  expect(nativeLogLine('x'.repeat(2000))?.line).toHaveLength(500);
  expect(nativeLogLine(' \n')).toBeUndefined();
});
