import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { defaultAmfLimits, isAmfObject } from '@tallylight/media/amf/amf-value.ts';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { FLV_TAG_TYPES, type FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { ChunkReader } from '../../rtmp/chunk-reader.ts';
import { ChunkWriter, controlMessage, userControlMessage } from '../../rtmp/chunk-writer.ts';
import { commandMessage, readCommand, stringMember } from '../../rtmp/command.ts';
import { C0_C1_BYTES, HANDSHAKE_BYTES, makeC0C1, makeC2 } from '../../rtmp/handshake.ts';
import { MESSAGE_TYPE, type RtmpMessage, USER_CONTROL } from '../../rtmp/rtmp-message.ts';
import type { RtmpTarget } from './rtmp-target.ts';

/** Chunk size of what we send: most audio frames and small pictures in one chunk; every server takes it. */
const chunkBytes = 4096;

/** Bounds of what a server may answer. */
const readerLimits = {
  minChunkBytes: 1,
  maxChunkBytes: 1 << 24,
  maxMessageBytes: 1 << 16,
  maxChunkStreams: 16,
};

/** Bytes after which we tell the server how much we read, as encoders do by default (RTMP 1.0 §5.4.3). */
const acknowledgementBytes = 1 << 20;

/** Connection to publish accepted. */
const openTimeoutMs = 10_000;

/** Chunk streams, as encoders choose them: one for commands, one for each kind of media. */
const chunkStreams = { control: 2, command: 3, audio: 4, video: 6, script: 5 } as const;

/** Publishes FLV tags to an RTMP server, ours or a foreign one. */
export class RtmpPush {
  /** Resolves when the connection is gone: with the reason, or undefined when `close` ended it. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  readonly #socket: Socket;
  readonly #target: RtmpTarget;
  readonly #writer = new ChunkWriter();
  readonly #reader = new ChunkReader(readerLimits, (message) => this.#onMessage(message));
  readonly #published = Promise.withResolvers<void>();
  #handshake: Uint8Array | undefined = new Uint8Array(0);
  #readBytes = 0;
  #acknowledgedBytes = 0;
  #streamId = 1;
  #isPublishing = false;
  #failure: Error | undefined;
  #isClosing = false;

  private constructor(target: RtmpTarget) {
    this.#target = target;
    const address = { host: target.host, port: target.port, noDelay: true };
    this.#socket = target.tls ? connectTls({ ...address, servername: target.host }) : connectTcp(address);
    this.#socket.once(target.tls ? 'secureConnect' : 'connect', () =>
      this.#socket.write(makeC0C1(undefined)),
    );
    this.#socket.on('data', (bytes: Uint8Array) => this.#onBytes(bytes));
    this.#socket.on('error', (error) => {
      this.#failure ??= error;
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        const reason = this.#failure ?? new Error('the server closed the connection');
        this.#published.reject(reason);
        resolve(this.#isClosing ? undefined : reason);
      });
    });
  }

  /** Connects and publishes. Rejects with the server's words when it refuses, or after 10 s. */
  static async open(target: RtmpTarget): Promise<RtmpPush> {
    const push = new RtmpPush(target);
    const timer = setTimeout(() => push.#fail(new Error('no answer to publish within 10 s')), openTimeoutMs);
    try {
      await push.#published.promise;
      return push;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Bytes that the network has not taken yet. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  /** Describes the stream (`@setDataFrame onMetaData`). */
  describe(members: { readonly [name: string]: AmfInput }): void {
    const payload = writeAmf0('@setDataFrame', 'onMetaData', new AmfEcmaArray(members));
    this.#send(chunkStreams.script, {
      type: MESSAGE_TYPE.dataAmf0,
      streamId: this.#streamId,
      timestampMs: 0,
      payload,
    });
  }

  /** Sends the body of a tag. Does nothing once the connection is gone. */
  write(tag: FlvTag): void {
    const { type, timestampMs, body } = tag;
    this.#send(chunkStreams[type], {
      type: FLV_TAG_TYPES[type],
      streamId: this.#streamId,
      timestampMs,
      payload: body,
    });
  }

  /** Takes its leave and closes. Idempotent. */
  async close(): Promise<void> {
    if (!this.#isClosing && this.#isPublishing) {
      this.#send(chunkStreams.command, commandMessage(0, 'FCUnpublish', 6, null, this.#target.streamKey));
      this.#send(chunkStreams.command, commandMessage(0, 'deleteStream', 7, null, this.#streamId));
    }
    this.#isClosing = true;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), 1000);
    await this.closed;
    clearTimeout(timer);
  }

  #send(chunkStreamId: number, message: RtmpMessage): void {
    if (!this.#socket.destroyed && this.#socket.writable)
      this.#socket.write(this.#writer.write(chunkStreamId, message));
  }

  #onBytes(bytes: Uint8Array): void {
    this.#readBytes += bytes.length;
    try {
      if (this.#handshake === undefined) this.#reader.push(bytes);
      else this.#shakeHands(Buffer.concat([this.#handshake, bytes]));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#readBytes - this.#acknowledgedBytes < acknowledgementBytes) return;
    this.#acknowledgedBytes = this.#readBytes;
    this.#send(chunkStreams.control, controlMessage('acknowledgement', this.#readBytes % 2 ** 32));
  }

  /** Waits for S0, S1 and S2, answers with C2 and connects (RTMP 1.0 §5.2). */
  #shakeHands(received: Uint8Array): void {
    this.#handshake = received;
    const length = C0_C1_BYTES + HANDSHAKE_BYTES;
    if (received.length < length) return;
    this.#handshake = undefined;
    this.#socket.write(makeC2(received.subarray(1, C0_C1_BYTES), undefined));
    this.#send(chunkStreams.control, controlMessage('setChunkSize', chunkBytes));
    this.#writer.setChunkBytes(chunkBytes);
    const { app, host, port, tls } = this.#target;
    const tcUrl = `${tls ? 'rtmps' : 'rtmp'}://${host}:${port}/${app}`;
    const object = { app, type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Tallylight)', tcUrl };
    this.#send(chunkStreams.command, commandMessage(0, 'connect', 1, object));
    if (received.length > length) this.#reader.push(received.subarray(length));
  }

  #onMessage(message: RtmpMessage): void {
    if (message.type === MESSAGE_TYPE.userControl) this.#answerPing(message.payload);
    if (message.type !== MESSAGE_TYPE.commandAmf0) return;
    const { name, transactionId, args } = readCommand(message, defaultAmfLimits);
    if (name === '_result' && transactionId === 1) this.#createStream();
    else if (name === '_result' && transactionId === 4) this.#publish(args[0]);
    else if (name === 'onStatus') this.#onStatus(args[0]);
    else if (name === '_error' && (transactionId === 1 || transactionId === 4)) this.#refused(args[0]);
  }

  #createStream(): void {
    const { streamKey } = this.#target;
    this.#send(chunkStreams.command, commandMessage(0, 'releaseStream', 2, null, streamKey));
    this.#send(chunkStreams.command, commandMessage(0, 'FCPublish', 3, null, streamKey));
    this.#send(chunkStreams.command, commandMessage(0, 'createStream', 4, null));
  }

  #publish(streamId: unknown): void {
    if (typeof streamId === 'number') this.#streamId = streamId;
    this.#send(
      chunkStreams.command,
      commandMessage(this.#streamId, 'publish', 5, null, this.#target.streamKey, 'live'),
    );
  }

  #onStatus(status: unknown): void {
    const code = isAmfObject(status) ? stringMember(status, 'code') : undefined;
    const level = isAmfObject(status) ? stringMember(status, 'level') : undefined;
    if (code === 'NetStream.Publish.Start') {
      this.#isPublishing = true;
      this.#published.resolve();
    } else if (level === 'error' || code === 'NetStream.Unpublish.Success') {
      this.#refused(status);
    }
  }

  #refused(status: unknown): void {
    const word = (member: string) => (isAmfObject(status) ? (stringMember(status, member) ?? '') : '');
    this.#fail(new Error(`the server refused: ${word('code')} ${word('description')}`.trim()));
  }

  /** A server that gets no answer takes us for dead (RTMP 1.0 §7.1.7). */
  #answerPing(payload: Uint8Array): void {
    if (payload.length < 6) return;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (view.getUint16(0) !== USER_CONTROL.pingRequest) return;
    this.#send(chunkStreams.control, userControlMessage(USER_CONTROL.pingResponse, view.getUint32(2)));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }
}
