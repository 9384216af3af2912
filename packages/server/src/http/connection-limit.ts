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
  /** Address of each connection; undefined for one that is released. */
  readonly #sockets = new Map<Socket, string | undefined>();
  #counted = 0;

  /** @param addresses knows the proxies that speak for many clients and so have no cap of their own. */
  constructor(caps: ConnectionCaps, addresses: ClientAddresses) {
    this.#caps = caps;
    this.#addresses = addresses;
  }

  /** Connections that count now. */
  get size(): number {
    return this.#counted;
  }

  /** Counts a new connection until it closes. False: it was above a cap and is closed. */
  admit(socket: Socket): boolean {
    const peer = socket.remoteAddress ?? '';
    const address = limitAddress(peer);
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const exempt = (this.#caps.exemptLoopback && isLoopback(peer)) || this.#addresses.isTrusted(peer);
    if (
      this.#counted >= this.#caps.maxConnections ||
      (!exempt && ofAddress >= this.#caps.maxConnectionsPerAddress)
    ) {
      socket.destroy();
      return false;
    }
    this.#sockets.set(socket, address);
    this.#counted++;
    this.#byAddress.set(address, ofAddress + 1);
    socket.once('close', () => {
      this.#uncount(socket);
      this.#sockets.delete(socket);
    });
    return true;
  }

  /** Counts a connection no more: somebody else does from now on. It is still cut with the others. */
  release(socket: Socket): void {
    if (this.#sockets.has(socket)) this.#uncount(socket);
    // With TLS, what a request comes over is another object than the connection below it.
    else for (const other of this.#sockets.keys()) if (isSamePeer(other, socket)) this.#uncount(other);
  }

  #uncount(socket: Socket): void {
    const address = this.#sockets.get(socket);
    if (address === undefined) return;
    this.#sockets.set(socket, undefined);
    this.#counted--;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  /** Cuts the connections that `which` chooses. */
  destroy(which: (socket: Socket) => boolean): void {
    for (const socket of this.#sockets.keys()) {
      if (which(socket)) socket.destroy();
    }
  }
}

function isSamePeer(one: Socket, other: Socket): boolean {
  return (
    one.remotePort === other.remotePort &&
    one.localPort === other.localPort &&
    one.remoteAddress === other.remoteAddress
  );
}
