import { describe, expect, test } from 'vitest';
import { ClientAddresses, isLoopback, limitAddress } from './address.ts';

function request(remoteAddress: string, forwarded?: string) {
  return {
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress },
  };
}

describe('limitAddress', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['nonsense:', 'nonsense:'],
  ])('%s counts as %s', (address, counted) => {
    expect(limitAddress(address)).toBe(counted);
  });
});

describe('isLoopback', () => {
  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is', (address) => {
    expect(isLoopback(address)).toBe(true);
  });
  test.each(['128.0.0.1', '127.example', '::2', ''])('%j is not', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe('ClientAddresses', () => {
  test('without trusted proxies X-Forwarded-For means nothing', () => {
    const addresses = new ClientAddresses();
    expect(addresses.of(request('198.51.100.1', '203.0.113.5'))).toBe('198.51.100.1');
    expect(addresses.of(request('127.0.0.1', '203.0.113.5'))).toBe('127.0.0.1');
  });

  test('a trusted proxy names the client, the last one that is not trusted counts', () => {
    const addresses = new ClientAddresses(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    expect(addresses.of(request('::ffff:127.0.0.1', '203.0.113.5'))).toBe('203.0.113.5');
    expect(addresses.of(request('10.1.1.1', '1.1.1.1, 203.0.113.5, 10.2.2.2'))).toBe('203.0.113.5');
    expect(addresses.of(request('fd00::1', '2001:db8:1:2::9'))).toBe('2001:db8:1:2::/64');
    expect(addresses.of(request('127.0.0.1'))).toBe('127.0.0.1');
    expect(addresses.of(request('198.51.100.1', '203.0.113.5'))).toBe('198.51.100.1');
  });

  test('what is no address ends the chain', () => {
    const addresses = new ClientAddresses(['127.0.0.1']);
    expect(addresses.of(request('127.0.0.1', '203.0.113.5, unknown'))).toBe('127.0.0.1');
    expect(addresses.of(request('127.0.0.1', ', ,'))).toBe('127.0.0.1');
    expect(addresses.of(request('127.0.0.1', `${'1.1.1.1,'.repeat(1000)}127.0.0.1`))).toBe('1.1.1.1');
  });

  test.each(['nonsense', '10.0.0.0/33', '10.0.0.0/x', '::/129', ''])('trusting %j is a mistake', (range) => {
    expect(() => new ClientAddresses([range])).toThrow(RangeError);
  });
});
