import { expect, test } from 'vitest';
import { parseIceServers, usableIceServers } from './ice-servers.ts';

test('takes servers with and without credentials', () => {
  expect(
    parseIceServers({
      iceServers: [
        { urls: 'stun:a:3478' },
        { urls: ['turn:b:3478', 'turns:b:5349?transport=tcp'], username: 'u', credential: 'c' },
      ],
    }),
  ).toEqual([
    { urls: ['stun:a:3478'] },
    { urls: ['turn:b:3478', 'turns:b:5349?transport=tcp'], username: 'u', credential: 'c' },
  ]);
});

test('TURN without a login is left out, for a browser throws on it', () => {
  expect(parseIceServers({ iceServers: [{ urls: 'turn:b:3478' }] })).toEqual([]);
  expect(parseIceServers({ iceServers: [{ urls: 'turns:b:5349', username: 'u' }] })).toEqual([]);
  expect(usableIceServers([{ urls: ['turn:b:3478', 'stun:b:3478'] }])).toEqual([{ urls: ['stun:b:3478'] }]);
});

test('what is no ICE server is left out, and there are never many', () => {
  expect(parseIceServers(null)).toEqual([]);
  expect(parseIceServers({ iceServers: [null, { urls: 7 }, { urls: 'https://a' }, {}] })).toEqual([]);
  const many = Array.from({ length: 99 }, () => 'stun:a');
  expect(parseIceServers({ iceServers: many.map((urls) => ({ urls })) })).toHaveLength(8);
  expect(parseIceServers({ iceServers: [{ urls: many }] })[0]?.urls).toHaveLength(8);
});
