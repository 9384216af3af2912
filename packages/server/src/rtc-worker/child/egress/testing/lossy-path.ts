import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** What a path does to datagrams, in each direction. */
export interface PathOptions {
  /** Share of the datagrams that is lost, 0…1. Default 0. */
  readonly loss?: number;
  /** Time that each takes, in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Bits a second towards the client; more waits in a queue of 200 ms, and more than that is lost. Default no bound. */
  readonly downBps?: number;
}

const QUEUE_MS = 200;

/** A path to a UDP port, for one client or several: what is sent to `port` reaches the target, and back, if the path lets it. */
export class LossyPath {
  readonly port: number;
  readonly #front: Socket;
  readonly #backs = new Map<string, Socket>();
  #options: PathOptions;
  #seed = 12_345;
  /** When the queue towards the client is empty. */
  #freeAtMs = 0;

  private constructor(front: Socket, options: PathOptions, target: number) {
    this.#front = front;
    this.#options = options;
    this.port = front.address().port;
    front.on('message', (bytes, from) => this.#up(bytes, from, target));
  }

  /** Opens it on the loopback address. */
  static async open(target: number, options: PathOptions): Promise<LossyPath> {
    const front = createSocket('udp4');
    await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
    return new LossyPath(front, options, target);
  }

  /** Another path from now on. */
  set options(options: PathOptions) {
    this.#options = options;
  }

  close(): void {
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
    this.#backs.clear();
  }

  #up(bytes: Buffer, from: RemoteInfo, target: number): void {
    const client = `${from.address}:${from.port}`;
    let back = this.#backs.get(client);
    if (back === undefined) {
      back = createSocket('udp4');
      back.on('message', (answer) => this.#down(answer, from));
      this.#backs.set(client, back);
    }
    const way = back;
    this.#later(this.#options.delayMs ?? 0, () => {
      if (this.#backs.get(client) === way) way.send(bytes, target, '127.0.0.1');
    });
  }

  #down(bytes: Buffer, to: RemoteInfo): void {
    const { delayMs = 0, downBps } = this.#options;
    let queuedMs = 0;
    if (downBps !== undefined) {
      const nowMs = performance.now();
      queuedMs = Math.max(0, this.#freeAtMs - nowMs);
      if (queuedMs > QUEUE_MS) return;
      queuedMs += (bytes.length * 8000) / downBps;
      this.#freeAtMs = nowMs + queuedMs;
    }
    this.#later(delayMs + queuedMs, () => {
      if (this.#backs.size > 0) this.#front.send(bytes, to.port, to.address);
    });
  }

  #later(delayMs: number, act: () => void): void {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    if (this.#seed / 0x8000_0000 < (this.#options.loss ?? 0)) return;
    if (delayMs < 1) act();
    else setTimeout(act, delayMs);
  }
}
