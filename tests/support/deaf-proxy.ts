import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can fall silent without a FIN, as a cable that was pulled: what is sent then is lost, nobody is told. */
export class DeafProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #muted = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1 and forwards to `targetPort`. */
  static async start(targetPort: number): Promise<DeafProxy> {
    const server = createServer((client) => proxy.#forward(client, connect(targetPort, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new DeafProxy(server, address.port);
    return proxy;
  }

  /** From now on nothing passes on the connections that exist; new ones work. */
  mute(): void {
    for (const socket of this.#sockets) this.#muted.add(socket);
  }

  /** Cuts everything. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('data', (bytes: Buffer) => void (this.#muted.has(from) || to.write(bytes)));
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!this.#muted.has(from)) to.destroy();
      });
    }
  }
}
