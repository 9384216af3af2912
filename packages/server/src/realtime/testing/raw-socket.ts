import { connect, type Socket } from 'node:net';

/** A TCP connection that speaks WebSocket by hand: it can be silent, deaf, or rude. */
export class RawSocket {
  readonly socket: Socket;
  /** Status of the answer to the upgrade. */
  readonly status: number;
  /** Everything that came after it, as text. */
  received = '';
  isClosed = false;

  private constructor(socket: Socket, status: number) {
    this.socket = socket;
    this.status = status;
    socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Sends the upgrade and waits for its answer. */
  static async open(
    port: number,
    options: { readonly target?: string; readonly headers?: readonly string[] } = {},
  ): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1');
    const lines = [
      `GET ${options.target ?? '/socket.io/?EIO=4&transport=websocket'} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(options.headers ?? []),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const head = await new Promise<string>((resolve, reject) => {
      socket.once('data', (bytes) => resolve(bytes.toString('latin1')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed without an answer')));
    });
    const raw = new RawSocket(socket, Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]));
    raw.received = head.slice(head.indexOf('\r\n\r\n') + 4);
    return raw;
  }

  /** Sends one frame; opcode 1 is text, 2 binary, 9 a ping. */
  frame(payload: string | Buffer, opcode = 1): void {
    const bytes = Buffer.from(payload);
    const start = bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10;
    const frame = Buffer.alloc(start + 4 + bytes.length);
    frame[0] = 0x80 | opcode;
    if (start === 2) frame[1] = 0x80 | bytes.length;
    else if (start === 4) {
      frame[1] = 0x80 | 126;
      frame.writeUInt16BE(bytes.length, 2);
    } else {
      frame[1] = 0x80 | 127;
      frame.writeBigUInt64BE(BigInt(bytes.length), 2);
    }
    // The mask is zero, so the payload stays as it is.
    bytes.copy(frame, start + 4);
    this.socket.write(frame);
  }

  close(): void {
    this.socket.destroy();
  }
}
