import { connect, type Socket } from 'node:net';

/** An answer, as far as a load maker looks at it. Nanoseconds of the machine's monotonic clock. */
export interface LoadAnswer {
  readonly status: number;
  /** Bytes of the body. */
  readonly length: number;
  readonly firstByteNs: bigint;
  readonly lastByteNs: bigint;
  /** The body as latin1; empty unless it was asked for. */
  readonly text: string;
}

/** One buffer for all connections: the load maker must cost less than the server it measures. */
const received = Buffer.allocUnsafe(256 * 1024);
const HEAD_END = Buffer.from('\r\n\r\n');

/** HTTP/1.1 over one connection, one request at a time, each answer with a Content-Length. Reads bodies without keeping them. */
export class KeepAliveClient {
  readonly #socket: Socket;
  readonly #host: string;
  #done: ((answer: LoadAnswer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #wantsText = false;
  #head = '';
  #status = 0;
  #length = 0;
  #left = -1;
  #text = '';
  #firstByteNs = 0n;

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: received,
        callback: (length) => {
          this.#read(received.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Makes a request; `text`: keep the body. */
  get(path: string, options: { readonly text: boolean }): Promise<LoadAnswer> {
    this.#wantsText = options.text;
    this.#head = '';
    this.#text = '';
    this.#left = -1;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
    });
  }

  /** Cuts the connection. Idempotent. */
  close(): void {
    this.#done = undefined;
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const nowNs = process.hrtime.bigint();
    let body = bytes;
    if (this.#left < 0) {
      if (this.#head === '') this.#firstByteNs = nowNs;
      const end = bytes.indexOf(HEAD_END);
      this.#head += bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
      if (end < 0) return;
      body = bytes.subarray(end + HEAD_END.length);
      this.#status = Number(this.#head.slice(9, 12));
      this.#length = Number(/content-length: *(\d+)/i.exec(this.#head)?.[1] ?? 0);
      this.#left = this.#length;
    }
    if (this.#wantsText) this.#text += body.toString('latin1');
    this.#left -= body.length;
    if (this.#left > 0) return;
    const done = this.#done;
    this.#done = undefined;
    this.#failed = undefined;
    done?.({
      status: this.#status,
      length: this.#length,
      firstByteNs: this.#firstByteNs,
      lastByteNs: nowNs,
      text: this.#text,
    });
  }

  #fail(error: Error): void {
    this.#failed?.(error);
    this.close();
  }
}
