import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type AmfObject,
  type AmfValue,
  defaultAmfLimits,
  isAmfObject,
} from '@tallylight/media/amf/amf-value.ts';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { ChunkReader } from '../../../rtmp/chunk-reader.ts';
import { ChunkWriter, controlMessage } from '../../../rtmp/chunk-writer.ts';
import { type RtmpCommand, readCommand, stringMember } from '../../../rtmp/command.ts';
import {
  C0_C1_BYTES,
  type DigestSchema,
  HANDSHAKE_BYTES,
  makeC0C1,
  makeC2,
} from '../../../rtmp/handshake.ts';
import { MESSAGE_TYPE, type RtmpMessage } from '../../../rtmp/rtmp-message.ts';

/** What a server says by onStatus or by the answer to a command. */
export interface RtmpStatus {
  readonly level: string;
  readonly code: string;
  readonly description: string;
}

/** How an `RtmpPublisher` connects. */
export interface RtmpPublisherOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** RTMPS, with whatever certificate. Default false. */
  readonly tls?: boolean;
  /** Address to connect from: on loopback any of 127.0.0.0/8. */
  readonly localAddress?: string;
  /** Layout of the digest handshake; default the simple handshake. */
  readonly digest?: DigestSchema;
  /** How long every wait may last, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

const COMMAND_CHUNK_STREAM = 3;
const CHUNK_STREAMS: { readonly [type: number]: number } = { 8: 4, 9: 6, 18: 4 };
const PUBLISHED_STREAM = 1;

/**
 * A small RTMP publisher for tests, benches and tools. It does what it is told, right or wrong: `sendRaw` and `sendMessage`
 * put anything on the wire.
 */
export class RtmpPublisher {
  readonly socket: Socket;
  /** Every message that came, except Set Chunk Size. */
  readonly messages: RtmpMessage[] = [];
  readonly commands: RtmpCommand[] = [];
  /** Resolves when the connection is closed, by whom ever. */
  readonly closed: Promise<void>;
  readonly #timeoutMs: number;
  readonly #writer = new ChunkWriter();
  readonly #waiting = new Set<() => void>();
  readonly #reader: ChunkReader;
  #transaction = 0;
  #received: Uint8Array = new Uint8Array(0);
  #shaken = false;
  #isClosed = false;

  private constructor(socket: Socket, timeoutMs: number) {
    this.socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#reader = new ChunkReader(
      { minChunkBytes: 1, maxChunkBytes: 0x7fff_ffff, maxMessageBytes: 1 << 20, maxChunkStreams: 64 },
      (message) => this.#take(message),
    );
    socket.setNoDelay(true);
    socket.on('data', (bytes: Uint8Array) => this.#onData(bytes));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Opens the TCP or TLS connection only. Rejects when it is refused. */
  static open(options: RtmpPublisherOptions): Promise<RtmpPublisher> {
    const { port, host = '127.0.0.1', tls = false, localAddress, timeoutMs = 5000 } = options;
    const address = { port, host, ...(localAddress === undefined ? {} : { localAddress }) };
    const socket = tls ? connectTls({ ...address, rejectUnauthorized: false }) : connectTcp(address);
    const publisher = new RtmpPublisher(socket, timeoutMs);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once(tls ? 'secureConnect' : 'connect', () => resolve(publisher));
    });
  }

  /** Opens, shakes hands, connects to the application and publishes. Rejects with the server's words when it refuses. */
  static async publish(
    options: RtmpPublisherOptions & { readonly key: string; readonly app?: string },
  ): Promise<RtmpPublisher> {
    const publisher = await RtmpPublisher.open(options);
    await publisher.shakeHands(options.digest);
    const connected = await publisher.connect(options.app ?? 'live');
    if (connected.level === 'error') throw new Error(`${connected.code}: ${connected.description}`);
    const status = await publisher.startPublishing(options.key);
    if (status.level === 'error') throw new Error(`${status.code}: ${status.description}`);
    return publisher;
  }

  /** Makes the handshake and gives S1 and S2. */
  async shakeHands(
    digest?: DigestSchema,
  ): Promise<{ readonly c1: Uint8Array; readonly s1: Uint8Array; readonly s2: Uint8Array }> {
    const c0c1 = makeC0C1(digest);
    this.sendRaw(c0c1);
    const answerBytes = C0_C1_BYTES + HANDSHAKE_BYTES;
    await this.#until(() => this.#received.length >= answerBytes, 'the answer to the handshake');
    const answer = this.#received.subarray(0, answerBytes);
    const s1 = answer.subarray(1, C0_C1_BYTES);
    this.sendRaw(makeC2(s1, digest));
    this.#shaken = true;
    const rest = this.#received.subarray(answerBytes);
    if (rest.length > 0) this.#reader.push(rest);
    return { c1: c0c1.subarray(1), s1, s2: answer.subarray(C0_C1_BYTES) };
  }

  /** Sends `connect` and waits for its answer. */
  async connect(app: string, members: { readonly [key: string]: AmfInput } = {}): Promise<RtmpStatus> {
    const answer = await this.call('connect', {
      app,
      type: 'nonprivate',
      tcUrl: `rtmp://127.0.0.1/${app}`,
      ...members,
    });
    return toStatus(answer.args[0]);
  }

  /** Sends createStream and publish, and waits for onStatus. */
  async startPublishing(key: string): Promise<RtmpStatus> {
    await this.call('createStream', null);
    this.sendCommand(PUBLISHED_STREAM, 'publish', 5, null, key, 'live');
    return this.status();
  }

  /** Waits for the first onStatus that came after the last one asked for. */
  async status(): Promise<RtmpStatus> {
    const command = await this.take((each) => each.name === 'onStatus', 'onStatus');
    return toStatus(command.args[0]);
  }

  /** Sends a command and waits for its `_result` or `_error`. */
  async call(name: string, object: AmfInput, ...args: readonly AmfInput[]): Promise<RtmpCommand> {
    const transaction = ++this.#transaction;
    this.sendCommand(0, name, transaction, object, ...args);
    return this.take(
      (each) => each.transactionId === transaction && (each.name === '_result' || each.name === '_error'),
      `the answer to ${name}`,
    );
  }

  /** Waits for a command and removes it from `commands`. */
  async take(matches: (command: RtmpCommand) => boolean, what: string): Promise<RtmpCommand> {
    await this.#until(() => this.commands.some(matches), what);
    const at = this.commands.findIndex(matches);
    const [command] = this.commands.splice(at, 1);
    if (command === undefined) throw new Error(`lost ${what}`);
    return command;
  }

  /** Waits for a message of a type, which stays in `messages`. */
  async message(matches: (message: RtmpMessage) => boolean, what: string): Promise<RtmpMessage> {
    await this.#until(() => this.messages.some(matches), what);
    const message = this.messages.find(matches);
    if (message === undefined) throw new Error(`lost ${what}`);
    return message;
  }

  /** Sends any values as a command message. */
  sendCommand(streamId: number, ...values: readonly AmfInput[]): void {
    this.sendMessage(COMMAND_CHUNK_STREAM, {
      type: MESSAGE_TYPE.commandAmf0,
      streamId,
      timestampMs: 0,
      payload: writeAmf0(...values),
    });
  }

  /** Sends `@setDataFrame onMetaData`. */
  sendMetadata(members: { readonly [key: string]: AmfInput }): void {
    const payload = writeAmf0('@setDataFrame', 'onMetaData', new AmfEcmaArray(members));
    this.sendMessage(4, { type: MESSAGE_TYPE.dataAmf0, streamId: PUBLISHED_STREAM, timestampMs: 0, payload });
  }

  /** Sends the body of an FLV tag. Returns false when the socket's buffer is full. */
  sendTag(type: 'audio' | 'video', timestampMs: number, pieces: readonly Uint8Array[]): boolean {
    const payload = Buffer.concat(pieces);
    const messageType = MESSAGE_TYPE[type];
    return this.sendMessage(CHUNK_STREAMS[messageType] ?? COMMAND_CHUNK_STREAM, {
      type: messageType,
      streamId: PUBLISHED_STREAM,
      timestampMs: timestampMs >>> 0,
      payload,
    });
  }

  /** Sends any message on any chunk stream. Returns false when the socket's buffer is full. */
  sendMessage(chunkStreamId: number, message: RtmpMessage): boolean {
    return this.sendRaw(this.#writer.write(chunkStreamId, message));
  }

  /** Announces a chunk size and uses it. */
  setChunkBytes(size: number): void {
    this.sendMessage(2, controlMessage('setChunkSize', size));
    this.#writer.setChunkBytes(size);
  }

  /** Puts bytes on the wire as they are. Returns false when the socket's buffer is full. */
  sendRaw(bytes: Uint8Array): boolean {
    return this.#isClosed || this.socket.destroyed ? true : this.socket.write(bytes);
  }

  /** Leaves as encoders do, and waits for the close. */
  async unpublish(): Promise<void> {
    this.sendCommand(0, 'FCUnpublish', 6, null, '');
    this.sendCommand(0, 'deleteStream', 7, null, PUBLISHED_STREAM);
    this.socket.end();
    await this.closed;
  }

  /** Cuts the connection. Idempotent. */
  destroy(): void {
    this.socket.destroy();
  }

  #onData(bytes: Uint8Array): void {
    if (this.#shaken) this.#reader.push(bytes);
    else this.#received = Buffer.concat([this.#received, bytes]);
    this.#wake();
  }

  #take(message: RtmpMessage): void {
    this.messages.push(message);
    if (message.type === MESSAGE_TYPE.commandAmf0) this.commands.push(readCommand(message, defaultAmfLimits));
  }

  #wake(): void {
    for (const check of this.#waiting) check();
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (holds()) finish();
        else if (this.#isClosed) finish(new Error(`connection closed while waiting for ${what}`));
      };
      const timer = setTimeout(
        () => finish(new Error(`no ${what} within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      this.#waiting.add(check);
      check();
    });
  }
}

function toStatus(value: AmfValue): RtmpStatus {
  const object: AmfObject = isAmfObject(value) ? value : new Map();
  return {
    level: stringMember(object, 'level') ?? '',
    code: stringMember(object, 'code') ?? '',
    description: stringMember(object, 'description') ?? '',
  };
}
