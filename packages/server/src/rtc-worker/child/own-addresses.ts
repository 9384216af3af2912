import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** At most so many candidates in an answer: a host of many container networks has hundreds of addresses. */
const MAX_ADDRESSES = 16;
const LOOPBACK = '127.0.0.1';

/**
 * Addresses for the candidates of our answers. What the operator advertises is taken as it is; else every address of the interfaces
 * that a peer could reach, IPv4 first, and the loopback address last, for a browser on the same machine.
 */
export function ownAddresses(
  advertised: readonly string[],
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): readonly string[] {
  if (advertised.length > 0) return advertised.slice(0, MAX_ADDRESSES);
  const found = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);
  return [...new Set(found)].slice(0, MAX_ADDRESSES - 1).concat(LOOPBACK);
}

/** fe80::/10 needs a zone, which a candidate cannot carry (RFC 8445 §5.1.1.1). */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function rank({ family }: NetworkInterfaceInfo): number {
  return family === 'IPv4' ? 0 : 1;
}
