import { describe, expect, test } from 'vitest';
import { parseIceServers } from './ice-servers.ts';

describe('parseIceServers', () => {
  test('takes STUN as it is and TURN with its login', () => {
    const turn = { urls: ['turn:t.example?transport=tcp'], username: '1790000000:v', credential: 'c' };
    expect(parseIceServers({ iceServers: [{ urls: 'stun:s.example' }, turn] })).toEqual([
      { urls: ['stun:s.example'] },
      turn,
    ]);
  });

  test('TURN without a login is left out, because browsers throw on it', () => {
    expect(parseIceServers({ iceServers: [{ urls: ['turn:t.example'] }] })).toEqual([]);
  });

  test('what is no ICE server is left out', () => {
    expect(
      parseIceServers({ iceServers: [null, 7, {}, { urls: [7, 'javascript:alert(1)'] }, { urls: '' }] }),
    ).toEqual([]);
    expect(parseIceServers({ iceServers: 'stun:s.example' })).toEqual([]);
    expect(parseIceServers(undefined)).toEqual([]);
  });

  test('takes no more than eight servers', () => {
    const many = Array.from({ length: 1_000 }, () => ({ urls: 'stun:s.example' }));
    expect(parseIceServers({ iceServers: many })).toHaveLength(8);
  });
});
