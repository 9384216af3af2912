import { connect, type Socket } from 'node:net';

/** Status and header fields of an answer as they came. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** One HTTP/1.1 connection that sends request targets just as they are given, legal or not. */
export class RawHttp {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #closed = false;
  readonly #methods: string[] = [];

  /** Connects to 127.0.0.1, from `localAddress` if given. */
  constructor(port: number, localAddress?: string) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.socket.setNoDelay(true);
    this.socket.on('error', () => {});
    this.socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    this.socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** True once the server, or we, closed it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a GET, or whatever `method` says. */
  send(target: string, fields: readonly string[] = [], method = 'GET'): void {
    this.#methods.push(method);
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...fields, '', ''];
    this.socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
  }

  /** The next answer; undefined when the connection was closed without one. Rejects after `timeoutMs`. */
  async answer(timeoutMs = 10_000): Promise<RawAnswer | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined || this.#closed) return answer;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no answer in ${timeoutMs} ms`)),
          Math.max(1, deadline - performance.now()),
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Sends a GET and waits for its answer. */
  get(target: string, fields: readonly string[] = []): Promise<RawAnswer | undefined> {
    this.send(target, fields);
    return this.answer();
  }

  #take(): RawAnswer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const head = this.#received.toString('latin1', 0, headEnd);
    const hasBody = this.#methods[0] !== 'HEAD' && !/^HTTP\/1.1 (?:204|304)/.test(head);
    const length = hasBody ? Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) : 0;
    if (this.#received.length < headEnd + 4 + length) return undefined;
    this.#methods.shift();
    const body = this.#received.subarray(headEnd + 4, headEnd + 4 + length);
    this.#received = this.#received.subarray(headEnd + 4 + length);
    return { status: Number(head.slice(9, 12)), head, body };
  }
}
