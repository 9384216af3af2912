import { createRequire } from 'node:module';
import { BlockList, isIP } from 'node:net';
import { type CountryResponse, open, type Reader } from 'maxmind';

/** Addresses that lie in no country, though a registry's record may cover them: private, loopback, link-local, carrier-grade NAT. */
const NOWHERE = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['0.0.0.0', 8],
] as const)
  NOWHERE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  NOWHERE.addSubnet(network, prefix, 'ipv6');

/** Tells countries from addresses, by `geo-whois-asn-country` (CC0, the registries' own records): no address ever leaves this server. */
export class Countries {
  readonly #reader: Reader<CountryResponse>;

  private constructor(reader: Reader<CountryResponse>) {
    this.#reader = reader;
  }

  /** Reads the database, about 8 MB. Rejects when the file is not there. */
  static async open(): Promise<Countries> {
    const file = createRequire(import.meta.url).resolve(
      '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb',
    );
    return new Countries(await open<CountryResponse>(file));
  }

  /** ISO 3166-1 alpha-2; undefined for what lies in no country. Takes `::ffff:` addresses and networks such as an IPv6 /64 too. */
  of(address: string): string | undefined {
    const plain = bareAddress(address);
    const family = isIP(plain);
    if (family === 0 || NOWHERE.check(plain, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
    // This database's rows are flat: `{ country_code }`.
    const row: unknown = this.#reader.get(plain);
    if (typeof row !== 'object' || row === null || !('country_code' in row)) return undefined;
    const { country_code: code } = row;
    return typeof code === 'string' && /^[A-Z]{2}$/.test(code) && code !== 'ZZ' ? code : undefined;
  }
}

/** Without the prefix of an IPv4 address in IPv6, and without a network's length. */
export function bareAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/\/\d+$/, '');
}
