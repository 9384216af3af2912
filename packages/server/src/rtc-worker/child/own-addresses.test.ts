import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ownAddresses } from './own-addresses.ts';

function address(text: string, internal = false): NetworkInterfaceInfo {
  const family = text.includes(':') ? 'IPv6' : 'IPv4';
  return {
    address: text,
    netmask: '',
    family,
    mac: '',
    internal,
    cidr: null,
    scopeid: 0,
  };
}

const interfaces = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  eth0: [address('fe80::1'), address('2001:db8::5'), address('192.0.2.7')],
  eth1: [address('198.51.100.9')],
};

describe('addresses in our candidates', () => {
  test('are those of the interfaces, IPv4 first, and the loopback address last', () => {
    expect(ownAddresses([], interfaces)).toEqual(['192.0.2.7', '198.51.100.9', '2001:db8::5', '127.0.0.1']);
  });

  test('are only those advertised when there are any', () => {
    expect(ownAddresses(['203.0.113.4', '2001:db8::1'], interfaces)).toEqual(['203.0.113.4', '2001:db8::1']);
  });

  test('are at most 16, the loopback address still among them', () => {
    const many = { eth0: Array.from({ length: 100 }, (_, i) => address(`10.0.0.${i}`)) };
    const found = ownAddresses([], many);
    expect(found).toHaveLength(16);
    expect(found.at(-1)).toBe('127.0.0.1');
  });
});
