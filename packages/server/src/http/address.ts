import { BlockList, isIP } from 'node:net';

/** The little of a request that tells who sent it. */
export interface AddressedRequest {
  readonly headers: { readonly 'x-forwarded-for'?: string | string[] | undefined };
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Entries of X-Forwarded-For that are looked at, from the right: longer chains are somebody playing. */
const MAX_FORWARDED = 10;

/**
 * Finds the address that limits count: the connection's own, unless that is a proxy which the operator trusts; then the
 * last address in X-Forwarded-For that is no trusted proxy. Anybody else's header is ignored, or every client could choose
 * the address that its limits count against.
 */
export class ClientAddresses {
  readonly #trusted: BlockList | undefined;

  /** @param trustedProxies addresses or CIDR ranges; throws RangeError for anything else. Default none. */
  constructor(trustedProxies: readonly string[] = []) {
    if (trustedProxies.length === 0) return;
    this.#trusted = new BlockList();
    for (const range of trustedProxies) addRange(this.#trusted, range);
  }

  /** The client's address, an IPv6 one as its /64. */
  of(request: AddressedRequest): string {
    const peer = request.socket.remoteAddress ?? '';
    if (this.#trusted === undefined || !this.isTrusted(peer)) return limitAddress(peer);
    const header = request.headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').slice(-MAX_FORWARDED);
    let client = peer;
    for (let at = hops.length - 1; at >= 0; at--) {
      const hop = unmapped((hops[at] ?? '').trim());
      if (isIP(hop) === 0) break;
      client = hop;
      if (!this.isTrusted(hop)) break;
    }
    return limitAddress(client);
  }

  /** True for a proxy that may speak for others. */
  isTrusted(address: string): boolean {
    const plain = unmapped(address);
    const family = isIP(plain);
    return family !== 0 && this.#trusted?.check(plain, family === 6 ? 'ipv6' : 'ipv4') === true;
  }
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  const plain = unmapped(address);
  return plain === '::1' || plain === '0:0:0:0::/64' || (plain.startsWith('127.') && isIP(plain) === 4);
}

/**
 * The address as limits count it: IPv4 also when it came mapped into IPv6 (`::ffff:`), and the /64 of IPv6, because that is
 * what one customer has. Anything else stays as it is.
 */
export function limitAddress(address: string): string {
  const plain = unmapped(address);
  if (!plain.includes(':')) return plain;
  const zone = plain.indexOf('%');
  const bare = zone < 0 ? plain : plain.slice(0, zone);
  if (isIP(bare) !== 6) return plain;
  const [left = '', right] = bare.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    // A dotted quad at the end stands for two groups.
    const tailGroups = tail.length + (tail.at(-1)?.includes('.') === true ? 1 : 0);
    while (groups.length + tailGroups < 8) groups.push('0');
    groups.push(...tail);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** `::ffff:192.0.2.1` (also in hexadecimal) is 192.0.2.1; everything else stays. */
function unmapped(address: string): string {
  if (!/^::ffff:/i.test(address)) return address;
  const rest = address.slice(7);
  if (isIP(rest) === 4) return rest;
  const hex = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(rest);
  if (hex === null) return address;
  const high = Number.parseInt(hex[1] ?? '', 16);
  const low = Number.parseInt(hex[2] ?? '', 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function addRange(list: BlockList, range: string): void {
  const slash = range.indexOf('/');
  const address = unmapped(slash < 0 ? range : range.slice(0, slash));
  const family = isIP(address);
  const bits = slash < 0 ? undefined : Number(range.slice(slash + 1));
  const longest = family === 6 ? 128 : 32;
  if (family === 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= longest))) {
    throw new RangeError(`trusted proxy is neither an address nor a CIDR range: ${JSON.stringify(range)}`);
  }
  list.addSubnet(address, bits ?? longest, family === 6 ? 'ipv6' : 'ipv4');
}
