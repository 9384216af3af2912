import { createSocket, type Socket } from 'node:dgram';

/** What a proxy does with a datagram towards the worker: the datagrams that go on instead of it. */
export type DatagramChange = (datagram: Buffer) => readonly Buffer[];

/** Stands between a browser and the UDP port of a worker, and changes what the browser sends. */
export class DatagramProxy {
  /** The browser's side. */
  readonly port: number;
  /** What is done now; replaced while it runs. */
  change: DatagramChange = (datagram) => [datagram];
  /** Each way. */
  delayMs = 0;
  readonly #front: Socket;
  readonly #back: Socket;
  #closed = false;

  private constructor(front: Socket, back: Socket, workerPort: number) {
    this.#front = front;
    this.#back = back;
    this.port = front.address().port;
    let browser: { port: number; address: string } | undefined;
    front.on('message', (datagram, from) => {
      browser = from;
      for (const changed of this.change(datagram)) {
        this.#later(() => back.send(changed, workerPort, '127.0.0.1'));
      }
    });
    back.on('message', (datagram) => {
      const { port = 0, address = '' } = browser ?? {};
      if (browser !== undefined) this.#later(() => front.send(datagram, port, address));
    });
  }

  /** Opens one in front of `workerPort` on the loopback interface. */
  static async open(workerPort: number): Promise<DatagramProxy> {
    const [front, back] = [createSocket('udp4'), createSocket('udp4')];
    for (const socket of [front, back]) {
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    }
    return new DatagramProxy(front, back, workerPort);
  }

  close(): void {
    this.#closed = true;
    this.#front.close();
    this.#back.close();
  }

  #later(send: () => void): void {
    if (this.delayMs === 0) send();
    else setTimeout(() => !this.#closed && send(), this.delayMs);
  }

  /** The answer with this proxy as its only candidate. */
  rewrite(answer: string): string {
    const lines = answer.split('\r\n').filter((line) => !line.startsWith('a=candidate:'));
    const candidate = `a=candidate:1 1 udp 2130706431 127.0.0.1 ${this.port} typ host`;
    return lines
      .map((line) => (line === 'a=end-of-candidates' ? `${candidate}\r\n${line}` : line))
      .join('\r\n');
  }
}

/** True for SRTP, and for SRTCP; not for STUN and DTLS (RFC 7983 §7). */
export function isSrtp(datagram: Buffer): boolean {
  const first = datagram[0] ?? 0;
  return first >= 128 && first <= 191;
}
