import type { Socket } from 'node:net';
import { type ClientAddresses, isLoopback, limitAddress } from './address.ts';

/** Caps of {@link ConnectionLimit}. */
export interface ConnectionCaps {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly exemptLoopback: boolean;
}

/** Counts connections in all and per address, over every port, and closes those above the caps. */
export class ConnectionLimit {
  readonly #caps: ConnectionCaps;
  readonly #addresses: ClientAddresses;
  readonly #byAddress = new Map<string, number>();
  readonly #sockets = new Set<Socket>();

  /** @param addresses knows the proxies that speak for many clients and so have no cap of their own. */
  constructor(caps: ConnectionCaps, addresses: ClientAddresses) {
    this.#caps = caps;
    this.#addresses = addresses;
  }

  /** Connections that are open now. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Counts a new connection until it closes. False: it was above a cap and is closed. */
  admit(socket: Socket): boolean {
    const peer = socket.remoteAddress ?? '';
    const address = limitAddress(peer);
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const exempt = (this.#caps.exemptLoopback && isLoopback(peer)) || this.#addresses.isTrusted(peer);
    if (
      this.#sockets.size >= this.#caps.maxConnections ||
      (!exempt && ofAddress >= this.#caps.maxConnectionsPerAddress)
    ) {
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, ofAddress + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    return true;
  }

  /** Cuts the connections that `which` chooses. */
  destroy(which: (socket: Socket) => boolean): void {
    for (const socket of this.#sockets) {
      if (which(socket)) socket.destroy();
    }
  }
}
