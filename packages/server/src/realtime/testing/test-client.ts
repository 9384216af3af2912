import { io, type Socket } from 'socket.io-client';

/** A plain client of Socket.IO, as nchat has it, that remembers what it was told. */
export class TestClient {
  readonly socket: Socket;
  readonly told: { readonly event: string; readonly payload: unknown }[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.onAny((event: string, payload: unknown) => this.told.push({ event, payload }));
  }

  /** Connects; rejects with the error of `connect_error`. */
  static async connect(
    url: string,
    options: {
      readonly token?: string;
      readonly headers?: Record<string, string>;
      readonly reconnects?: boolean;
    } = {},
  ): Promise<TestClient> {
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: options.reconnects === true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      auth: { token: options.token ?? null },
      ...(options.headers === undefined ? {} : { extraHeaders: options.headers }),
    });
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        socket.close();
        reject(error);
      });
    });
    return client;
  }

  /** Asks, and gives the acknowledgement. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  ask(event: string, payload: unknown): Promise<any> {
    return this.socket.timeout(5000).emitWithAck(event, payload);
  }

  /** What it was told under a name. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  // oxlint-disable-next-line typescript/no-explicit-any
  of(event: string): any[] {
    return this.told.filter((each) => each.event === event).map(({ payload }) => payload);
  }

  close(): void {
    this.socket.close();
  }
}
