import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ChunkWriter, controlMessage, peerBandwidthMessage, userControlMessage } from './chunk-writer.ts';
import { answerHandshake, C0_C1_BYTES, HANDSHAKE_BYTES } from './handshake.ts';
import { UnservableMediaError } from './media-error.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { MESSAGE_TYPE, type RtmpMessage, USER_CONTROL } from './rtmp-message.ts';
import { isPeerFault, Session, type SessionLink, type SessionServices } from './session.ts';

/** What a connection needs besides what all sessions share. */
export interface ConnectionOptions {
  /** TCP socket, or the TLS socket over it. */
  readonly socket: Socket;
  /** `address:port`, for logs. */
  readonly peer: string;
  readonly limitKey: string;
  readonly protocol: 'rtmp' | 'rtmps';
  readonly clock: Clock;
  readonly services: SessionServices;
  /** Its key was accepted: it no longer counts as pre-auth. */
  readonly onAuthorised: () => void;
  /** The socket is closed; called once. */
  readonly onClosed: () => void;
}

/** What a connection is doing, for dumps and tests. */
export interface ConnectionDump {
  readonly peer: string;
  readonly state: string;
  readonly receivedBytes: number;
  readonly silentForMs: number;
}

type Phase = 'c0c1' | 'c2' | 'messages' | 'closing' | 'closed';

/** Our window: publishers send far more than they get, so it only paces their acknowledgements. */
const WINDOW_BYTES = 2_500_000;
/** A peer may ask for acknowledgements this often, in bytes, and no oftener. */
const MIN_ACK_WINDOW_BYTES = 65_536;
/** Before a key is accepted answers are short. FFmpeg sets for itself whatever chunk size we announce. */
const EARLY_CHUNK_BYTES = 4096;
/** With it FFmpeg sends most pictures in one chunk, which costs us no copy. */
const PUBLISHER_CHUNK_BYTES = 65_536;
const CONTROL_CHUNK_STREAM = 2;
/** How long a closing socket may take to deliver our last words. */
const LINGER_MS = 1000;

/**
 * One peer's socket: handshake, chunks, protocol control, acknowledgements, pings, time-outs and the rate limit. It has no
 * timer of its own: the server calls `tick` a few times a second.
 */
export class Connection implements SessionLink {
  readonly peer: string;
  readonly limitKey: string;
  readonly protocol: 'rtmp' | 'rtmps';
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #limits: RtmpLimits;
  readonly #log: Logger;
  readonly #session: Session;
  readonly #reader: ChunkReader;
  readonly #writer = new ChunkWriter();
  readonly #onAuthorised: () => void;
  readonly #onClosed: () => void;
  #phase: Phase = 'c0c1';
  /** Taken with the first byte, so that a silent connection costs next to nothing. */
  #handshake: Uint8Array | undefined;
  #handshakeFill = 0;
  /** Since when the phase, or the state that has a time-out, lasts. */
  #sinceMs: number;
  #lastByteMs: number;
  #received = 0;
  #acknowledged = 0;
  #ackWindow = WINDOW_BYTES;
  #pinged = false;
  #rateBytes = 0;
  #rateAtMs: number;
  #rateSeenBytes = 0;

  constructor(options: ConnectionOptions) {
    this.peer = options.peer;
    this.limitKey = options.limitKey;
    this.protocol = options.protocol;
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#limits = options.services.limits;
    this.#log = options.services.log.child({ peer: options.peer });
    this.#onAuthorised = options.onAuthorised;
    this.#onClosed = options.onClosed;
    this.#session = new Session(this, { ...options.services, log: this.#log });
    this.#reader = new ChunkReader(
      { ...this.#limits, maxMessageBytes: this.#limits.maxPreAuthMessageBytes },
      (message) => this.#take(message),
    );
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs = nowMs;
    this.#lastByteMs = nowMs;
    this.#rateAtMs = nowMs;
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes: Uint8Array) => this.#onData(bytes));
    this.#socket.on('error', (error) => this.#log.debug({ error: error.message }, 'socket error'));
    this.#socket.on('close', () => this.#onClose());
  }

  /** Milliseconds since accept while the handshake is not done; undefined afterwards. */
  handshakeAgeMs(): number | undefined {
    const inHandshake = this.#phase === 'c0c1' || this.#phase === 'c2';
    return inHandshake ? this.#clock.monotonicMs() - this.#sinceMs : undefined;
  }

  silentForMs(): number {
    return this.#clock.monotonicMs() - this.#lastByteMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** True while it publishes. */
  get publishing(): boolean {
    return this.#session.state === 'publishing';
  }

  /** What this connection is doing. */
  dump(): ConnectionDump {
    const state = this.#phase === 'messages' ? this.#session.state : this.#phase;
    return {
      peer: this.peer,
      state,
      receivedBytes: this.#received,
      silentForMs: Math.round(this.silentForMs()),
    };
  }

  /** Enforces time-outs and the rate limit. Never throws. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const lastedMs = nowMs - this.#sinceMs;
    if (this.#phase === 'closing') {
      if (lastedMs > LINGER_MS) this.#socket.destroy();
    } else if (this.#phase === 'c0c1' || this.#phase === 'c2') {
      // Scanners do this all day: not worth a line that wakes somebody.
      if (lastedMs >= this.#limits.handshakeTimeoutMs)
        this.#drop('debug', 'no RTMP handshake in time', { lastedMs });
    } else if (this.#phase === 'messages') {
      if (this.#session.state === 'publishing') this.#tickPublisher(nowMs);
      else if (lastedMs >= this.#limits.publishTimeoutMs)
        this.#drop('warn', 'connection did not publish in time', { lastedMs });
    }
  }

  /** Says why, then closes; a connection that does not publish is just closed. Idempotent. */
  stop(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    if (this.publishing) this.#session.evict('server-stopping');
    else this.#socket.destroy();
  }

  /** Closes at once, for a connection that must give way or is beyond saving. Idempotent. */
  destroy(): void {
    this.#socket.destroy();
  }

  send(chunkStreamId: number, message: RtmpMessage): void {
    this.#write(this.#writer.write(chunkStreamId, message));
  }

  beginConnection(): void {
    this.send(CONTROL_CHUNK_STREAM, controlMessage('windowAckSize', WINDOW_BYTES));
    this.send(CONTROL_CHUNK_STREAM, peerBandwidthMessage(WINDOW_BYTES));
    this.#setChunkBytes(EARLY_CHUNK_BYTES);
  }

  pause(): void {
    this.#reader.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (this.#phase !== 'messages') return;
    this.#socket.resume();
    try {
      this.#reader.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  authorised(): void {
    this.#reader.setLimits(this.#limits);
    this.#setChunkBytes(Math.min(PUBLISHER_CHUNK_BYTES, this.#limits.maxChunkBytes));
    this.send(CONTROL_CHUNK_STREAM, userControlMessage(USER_CONTROL.streamBegin, 1));
    const nowMs = this.#clock.monotonicMs();
    this.#lastByteMs = nowMs;
    this.#rateAtMs = nowMs;
    this.#rateSeenBytes = this.#received;
    this.#onAuthorised();
  }

  unpublished(): void {
    this.#sinceMs = this.#clock.monotonicMs();
  }

  closeGently(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#sinceMs = this.#clock.monotonicMs();
    // Reading goes on, into nothing: closing with unread bytes would reset the connection and lose our last words.
    this.#socket.resume();
    this.#socket.end();
  }

  #onData(bytes: Uint8Array): void {
    this.#received += bytes.length;
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#pinged = false;
    try {
      if (this.#phase === 'messages') this.#reader.push(bytes);
      else this.#shakeHands(bytes);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#received - this.#acknowledged >= this.#ackWindow) this.#acknowledge();
  }

  #shakeHands(bytes: Uint8Array): void {
    let at = 0;
    if (this.#phase === 'c0c1') {
      this.#handshake ??= new Uint8Array(C0_C1_BYTES);
      const take = Math.min(C0_C1_BYTES - this.#handshakeFill, bytes.length);
      this.#handshake.set(bytes.subarray(0, take), this.#handshakeFill);
      this.#handshakeFill += take;
      at = take;
      if (this.#handshakeFill < C0_C1_BYTES) return;
      this.#write(answerHandshake(this.#handshake).bytes);
      this.#handshake = undefined;
      this.#handshakeFill = 0;
      this.#phase = 'c2';
    }
    // C2 proves nothing that TCP has not, and encoders fill it with anything: it is skipped.
    const skip = Math.min(HANDSHAKE_BYTES - this.#handshakeFill, bytes.length - at);
    this.#handshakeFill += skip;
    if (this.#handshakeFill < HANDSHAKE_BYTES) return;
    this.#phase = 'messages';
    this.#sinceMs = this.#clock.monotonicMs();
    const rest = bytes.subarray(at + skip);
    if (rest.length > 0) this.#reader.push(rest);
  }

  #take(message: RtmpMessage): void {
    if (this.#phase !== 'messages') return;
    switch (message.type) {
      case MESSAGE_TYPE.userControl:
        this.#userControl(message.payload);
        return;
      case MESSAGE_TYPE.windowAckSize:
        if (message.payload.length >= 4) {
          const window = readU32(message.payload, 0);
          this.#ackWindow = Math.min(WINDOW_BYTES, Math.max(MIN_ACK_WINDOW_BYTES, window));
        }
        return;
      case MESSAGE_TYPE.acknowledgement:
      case MESSAGE_TYPE.setPeerBandwidth:
        return;
      default:
        this.#session.handle(message);
    }
  }

  #userControl(payload: Uint8Array): void {
    if (payload.length < 6) return;
    const event = (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
    if (event !== USER_CONTROL.pingRequest) return;
    this.send(CONTROL_CHUNK_STREAM, userControlMessage(USER_CONTROL.pingResponse, readU32(payload, 2)));
  }

  #tickPublisher(nowMs: number): void {
    const silentMs = nowMs - this.#lastByteMs;
    if (silentMs >= this.#limits.idleTimeoutMs) {
      this.#drop('warn', 'publisher fell silent', { silentMs: Math.round(silentMs) });
      return;
    }
    if (silentMs >= this.#limits.idleTimeoutMs / 2 && !this.#pinged) {
      this.#pinged = true;
      this.send(CONTROL_CHUNK_STREAM, userControlMessage(USER_CONTROL.pingRequest, Math.round(nowMs) >>> 0));
    }
    // A leaky bucket: it fills with what came and drains at the highest lasting rate.
    const bytesPerMs = this.#limits.maxBitrateBps / 8000;
    const drained = (nowMs - this.#rateAtMs) * bytesPerMs;
    this.#rateBytes = Math.max(0, this.#rateBytes + this.#received - this.#rateSeenBytes - drained);
    this.#rateSeenBytes = this.#received;
    this.#rateAtMs = nowMs;
    if (this.#rateBytes > this.#limits.bitrateBurstSec * 1000 * bytesPerMs) {
      const capMbps = this.#limits.maxBitrateBps / 1e6;
      this.#session.refuse(
        'NetStream.Publish.Failed',
        `the encoder sends more than ${capMbps} Mbit/s: lower its bitrate`,
      );
    }
  }

  #acknowledge(): void {
    this.#acknowledged = this.#received;
    // The sequence number counts modulo 2³² (§5.4.3).
    this.send(CONTROL_CHUNK_STREAM, controlMessage('acknowledgement', this.#received % 0x1_0000_0000));
  }

  #setChunkBytes(size: number): void {
    this.send(CONTROL_CHUNK_STREAM, controlMessage('setChunkSize', size));
    this.#writer.setChunkBytes(size);
  }

  #write(bytes: Uint8Array): void {
    if (this.#phase === 'closed' || !this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > this.#limits.maxUnsentBytes) {
      this.#drop('warn', 'peer does not read our answers', { unsentBytes: this.#socket.writableLength });
    }
  }

  /** Whatever handling the peer's bytes threw ends this connection and no other. */
  #fail(error: unknown): void {
    if (!isPeerFault(error)) {
      this.#log.error({ error }, 'bug: unexpected error while handling a peer, its connection is closed');
      this.#socket.destroy();
    } else if (this.#phase === 'c0c1' || this.#phase === 'c2') {
      this.#drop('warn', 'handshake failed', { reason: error.message });
    } else {
      const unservable = error instanceof UnservableMediaError;
      this.#session.refuse(
        unservable ? 'NetStream.Publish.Failed' : 'NetConnection.Call.Failed',
        error.message,
      );
      this.closeGently();
    }
  }

  #drop(level: 'debug' | 'warn', event: string, fields: object): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#log[level](fields, event);
    this.#socket.destroy();
  }

  #onClose(): void {
    this.#phase = 'closed';
    this.#handshake = undefined;
    try {
      this.#session.close('connection-lost');
    } catch (error) {
      this.#log.error({ error }, 'bug: unexpected error while ending a publisher');
    }
    this.#onClosed();
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}
