import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut one by one, in the middle of whatever they carry. */
export class CuttingProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1 and forwards to `targetPort`, whether or not somebody listens there now. */
  static async start(targetPort: number): Promise<CuttingProxy> {
    const server = createServer((client) => proxy.#forward(client, connect(targetPort, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new CuttingProxy(server, address.port);
    return proxy;
  }

  /** What clients connect to. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open. */
  get count(): number {
    return this.#clients.size;
  }

  /** Cuts one: `random` is from 0 to 1 and says which. False when there is none. */
  cut(random: number): boolean {
    const client = [...this.#clients][Math.floor(random * this.#clients.size)];
    client?.resetAndDestroy();
    return client !== undefined;
  }

  /** Cuts everything and listens no more. */
  close(): void {
    this.#server.close();
    for (const client of this.#clients) client.destroy();
  }

  #forward(client: Socket, server: Socket): void {
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}
