import { describe, expect, test } from 'vitest';
import type { Clock } from '../../platform/clock.ts';
import { IceServers, toLinkHeaders, turnCredential } from './ice-servers.ts';

const clock: Clock = { now: () => 1_800_000_000_900, monotonicMs: () => 0 };

describe('IceServers', () => {
  test('without configuration there are none', () => {
    const none = new IceServers({ stunUrls: [], clock });
    expect([none.iceServers(), none.linkHeaders()]).toEqual([[], []]);
  });

  test('TURN gets a user name that says when it expires, and its HMAC', () => {
    const servers = new IceServers({
      stunUrls: ['stun:stun.example.org:3478'],
      turn: {
        urls: ['turn:turn.example.org?transport=udp', 'turns:turn.example.org:5349?transport=tcp'],
        secret: 'north',
        ttlSec: 600,
      },
      clock,
    });
    const [stun, turn] = servers.iceServers();
    expect(stun).toEqual({ urls: ['stun:stun.example.org:3478'] });
    expect(turn?.urls).toEqual([
      'turn:turn.example.org?transport=udp',
      'turns:turn.example.org:5349?transport=tcp',
    ]);
    expect(turn?.username).toMatch(/^1800000600:[0-9a-f]{16}$/);
    expect(turn?.credential).toBe(turnCredential('north', turn?.username ?? ''));
    expect(servers.iceServers()[1]?.username).not.toBe(turn?.username);
  });

  test('the credential is what OpenSSL makes of it', () => {
    // printf %s 1800000600:abc | openssl dgst -sha1 -hmac north -binary | base64
    expect(turnCredential('north', '1800000600:abc')).toBe('6eaK/frwvGP2fItz/KhPfgI3HYo=');
  });

  test('each URL is a Link of its own, values quoted (RFC 9725 §4.6)', () => {
    expect(
      toLinkHeaders([
        { urls: ['stun:a.test'] },
        { urls: ['turn:b.test', 'turns:c.test'], username: '1:x', credential: 'a"\\b=' },
      ]),
    ).toEqual([
      '<stun:a.test>; rel="ice-server"',
      String.raw`<turn:b.test>; rel="ice-server"; username="1:x"; credential="a\"\\b="; credential-type="password"`,
      String.raw`<turns:c.test>; rel="ice-server"; username="1:x"; credential="a\"\\b="; credential-type="password"`,
    ]);
  });

  test.each([
    'http://a.test',
    'stun:',
    'stun:a b',
    'stun:a.test\r\nx: y',
    'turn:a.test',
    'stun:a.test?transport=udp',
  ])('the STUN URL %j is refused', (url) => {
    expect(() => new IceServers({ stunUrls: [url], clock })).toThrow(RangeError);
  });

  test.each(['stun:a.test', 'turn:a.test?transport=sctp', 'turn:a.test>; rel="x"', 'turn://a.test'])(
    'the TURN URL %j is refused',
    (url) => {
      expect(
        () => new IceServers({ stunUrls: [], turn: { urls: [url], secret: 'x', ttlSec: 60 }, clock }),
      ).toThrow(RangeError);
    },
  );

  test('IPv6 addresses stand in brackets', () => {
    const servers = new IceServers({ stunUrls: ['stun:[2001:db8::1]:3478'], clock });
    expect(servers.linkHeaders()).toEqual(['<stun:[2001:db8::1]:3478>; rel="ice-server"']);
  });

  test('TURN without a secret, and credentials that live no time, are refused', () => {
    const turn = { urls: ['turn:a.test'], secret: 'x', ttlSec: 60 };
    const withTurn = (change: Partial<typeof turn>) => () =>
      new IceServers({ stunUrls: [], turn: { ...turn, ...change }, clock });
    expect(withTurn({})).not.toThrow();
    expect(withTurn({ secret: '' })).toThrow('TURN servers without their secret');
    expect(withTurn({ ttlSec: 0 })).toThrow('good for 0 s');
  });
});
