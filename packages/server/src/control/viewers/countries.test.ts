import { beforeAll, describe, expect, test } from 'vitest';
import { Countries } from './countries.ts';

let countries: Countries;
beforeAll(async () => {
  countries = await Countries.open();
});

describe('Countries', () => {
  // Addresses of well-known public servers; their countries are in the registries' records.
  test.each([
    ['8.8.8.8', 'US'],
    ['193.0.6.139', 'NL'],
    ['::ffff:193.0.6.139', 'NL'],
    ['2001:67c:2e8:22::c100:68b', 'NL'],
    ['2001:67c:2e8:22::/64', 'NL'],
  ])('%s is in %s', (address, country) => {
    expect(countries.of(address)).toBe(country);
  });

  test.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.1', '0.0.0.0'],
    ...['::1', '0:0:0:0::/64', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1', '', 'unknown', '1.2.3', '../etc'],
  ])('%j is in none', (address) => {
    expect(countries.of(address)).toBeUndefined();
  });
});
