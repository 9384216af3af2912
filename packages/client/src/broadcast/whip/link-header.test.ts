import { expect, test } from 'vitest';
import { iceServersOf, readLinks, targetOf } from './link-header.ts';

const header =
  '<stun:stun.example:3478>; rel="ice-server", ' +
  '<turn:turn.example?transport=udp>; rel="ice-server"; username="17:joe"; credential="a\\"b, c=;d"; credential-type="password", ' +
  '</watch/show>; rel=alternate';

test('reads STUN and TURN servers with their credentials', () => {
  expect(iceServersOf(readLinks(header))).toEqual([
    { urls: ['stun:stun.example:3478'] },
    { urls: ['turn:turn.example?transport=udp'], username: '17:joe', credential: 'a"b, c=;d' },
  ]);
});

test('finds a target by its relation', () => {
  expect(targetOf(readLinks(header), 'alternate')).toBe('/watch/show');
  expect(targetOf(readLinks('<a>; REL="next Alternate"'), 'alternate')).toBe('a');
  expect(targetOf(readLinks(header), 'next')).toBeUndefined();
});

test('what is no link is nothing', () => {
  expect(readLinks(null)).toEqual([]);
  expect(readLinks('stun:stun.example')).toEqual([]);
  expect(readLinks('<>')).toHaveLength(1);
  expect(readLinks('<a>,'.repeat(1_000))).toHaveLength(64);
});
