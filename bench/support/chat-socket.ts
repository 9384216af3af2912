import { connect, type Socket } from 'node:net';

/** Text frames of a server, and the mask that a client must use: zero, which changes nothing. */
const HEADER_BITS = 0x7f;
const MASKED = 0x80;
const FINAL_TEXT = 0x81;

/**
 * A client of Socket.IO with nothing in it but what a crowd needs, so that a thousand of them cost little: frames are cut apart, and only
 * looked into by whom they are given to.
 */
export class ChatSocket {
  readonly #socket: Socket;
  readonly #onText: (bytes: Buffer, from: number, to: number) => void;
  #rest: Buffer | undefined;
  #isUpgraded = false;
  #asked = 0;
  readonly #answers = new Map<number, (text: string) => void>();
  #onOpen: (() => void) | undefined;
  #onConnect: (() => void) | undefined;
  #onFail: ((error: Error) => void) | undefined;

  /** @param onEvent called with each event's frame: where its JSON begins and ends. */
  private constructor(port: number, onEvent: (bytes: Buffer, from: number, to: number) => void) {
    this.#onText = onEvent;
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#read(bytes));
    this.#socket.on('error', (error) => this.#onFail?.(error));
    this.#socket.on('close', () => this.#onFail?.(new Error('the server closed the connection')));
  }

  /** Connects and signs in. */
  static async open(
    port: number,
    token: string,
    onEvent: (bytes: Buffer, from: number, to: number) => void,
  ): Promise<ChatSocket> {
    const client = new ChatSocket(port, onEvent);
    await new Promise<void>((resolve, reject) => {
      client.#onConnect = resolve;
      client.#onFail = reject;
      client.#socket.write(
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\n` +
          'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      client.#onOpen = () => client.#send(`40${JSON.stringify({ token })}`);
    });
    return client;
  }

  /** Called when the connection is lost. */
  onLost(listener: (error: Error) => void): void {
    this.#onFail = listener;
  }

  /** Sends an event; calls back with the acknowledgement's JSON. */
  ask(event: string, payload: object, onAnswer: (text: string) => void): void {
    const id = this.#asked++;
    this.#answers.set(id, onAnswer);
    this.#send(`42${id}${JSON.stringify([event, payload])}`);
  }

  close(): void {
    this.#onFail = undefined;
    this.#socket.destroy();
  }

  #send(text: string): void {
    const length = Buffer.byteLength(text);
    const start = length < 126 ? 6 : 8;
    const frame = Buffer.alloc(start + length);
    frame[0] = FINAL_TEXT;
    if (length < 126) frame[1] = MASKED | length;
    else {
      frame[1] = MASKED | 126;
      frame.writeUInt16BE(length, 2);
    }
    frame.write(text, start);
    this.#socket.write(frame);
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (!this.#isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#rest = bytes;
        return;
      }
      this.#isUpgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = (bytes[at + 1] ?? 0) & HEADER_BITS;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > bytes.length) break;
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2));
      if (start + length > bytes.length) break;
      this.#frame(bytes, start, start + length);
      at = start + length;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  #frame(bytes: Buffer, from: number, to: number): void {
    const [engine, packet] = [bytes[from], bytes[from + 1]];
    // '0': Engine.IO is open. '2': a ping. '4': a message; in it '2' an event, '3' an acknowledgement, '0' a connect.
    if (engine === 0x30) this.#onOpen?.();
    if (engine === 0x32) this.#send('3');
    if (engine !== 0x34) return;
    if (packet === 0x32) this.#onText(bytes, from + 2, to);
    else if (packet === 0x33) this.#answer(bytes.toString('utf8', from + 2, to));
    else if (packet === 0x30) this.#onConnect?.();
    else if (packet === 0x34) this.#onFail?.(new Error(bytes.toString('utf8', from, to)));
  }

  #answer(text: string): void {
    const id = Number.parseInt(text, 10);
    const onAnswer = this.#answers.get(id);
    this.#answers.delete(id);
    onAnswer?.(text);
  }
}
