import { limitAddress } from './address.ts';
import type { HttpRequest } from './http-request.ts';

/**
 * The client for logs: address and port of its connection, or only the address when a proxy speaks for it.
 * @param address the client's address as limits count it.
 */
export function clientPeer(request: HttpRequest, address: string): string {
  const { remoteAddress = '', remotePort = 0 } = request.socket;
  if (address !== limitAddress(remoteAddress)) return address;
  const plain = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  return plain.includes(':') ? `[${plain}]:${remotePort}` : `${plain}:${remotePort}`;
}
