import { expect, test } from 'vitest';
import { parseIceServers } from './ice-servers.ts';

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

test('what is no ICE server is left out, and there are never many', () => {
  expect(parseIceServers(null)).toEqual([]);
  expect(parseIceServers({ iceServers: [null, { urls: 7 }, { urls: 'https://a' }, {}] })).toEqual([]);
  expect(
    parseIceServers({ iceServers: Array.from({ length: 99 }, () => ({ urls: 'stun:a' })) }),
  ).toHaveLength(8);
});
