import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { ChunkReader } from '../../rtmp/chunk-reader.ts';
import {
  ChunkWriter,
  controlMessage,
  peerBandwidthMessage,
  userControlMessage,
} from '../../rtmp/chunk-writer.ts';
import { MESSAGE_TYPE, type RtmpMessage, USER_CONTROL } from '../../rtmp/rtmp-message.ts';
import { BitrateCap, tighterLimits } from './bitrate-cap.ts';
import { UnservableMediaError } from './media-error.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { ServerHandshake } from './server-handshake.ts';
import { isPeerFault, Session } from './session.ts';
import type { SessionLink, SessionServices } from './session-link.ts';

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

type Phase = 'handshake' | 'messages' | 'closing' | 'closed';

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
  readonly #handshake = new ServerHandshake((bytes) => this.#write(bytes));
  #phase: Phase = 'handshake';
  /** Since when the phase, or the state that has a time-out, lasts. */
  #sinceMs: number;
  #lastByteMs: number;
  #received = 0;
  #acknowledged = 0;
  #ackWindow = WINDOW_BYTES;
  #pinged = false;
  #bitrateCap: BitrateCap | undefined;
  /** The limit that `#bitrateCap` enforces, in words. */
  #bitrateLimit = '';

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
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes: Uint8Array) => this.#onData(bytes));
    this.#socket.on('error', (error) => this.#log.debug({ error: error.message }, 'socket error'));
    this.#socket.on('close', () => this.#onClose());
  }

  /** Milliseconds since accept while the handshake is not done; undefined afterwards. */
  handshakeAgeMs(): number | undefined {
    return this.#phase === 'handshake' ? this.#clock.monotonicMs() - this.#sinceMs : undefined;
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
    } else if (this.#phase === 'handshake') {
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

  authorised(streamBps: number | undefined): void {
    this.#reader.setLimits(this.#limits);
    this.#setChunkBytes(Math.min(PUBLISHER_CHUNK_BYTES, this.#limits.maxChunkBytes));
    this.send(CONTROL_CHUNK_STREAM, userControlMessage(USER_CONTROL.streamBegin, 1));
    const nowMs = this.#clock.monotonicMs();
    this.#lastByteMs = nowMs;
    const limits = tighterLimits(this.#limits, streamBps);
    this.#bitrateCap = new BitrateCap(limits, this.#received, nowMs);
    this.#bitrateLimit =
      streamBps === undefined || limits.maxBitrateBps >= this.#limits.maxBitrateBps
        ? `${this.#limits.maxBitrateBps / 1e6} Mbit/s`
        : `the ${streamBps / 1000} kbit/s that this stream allows`;
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
    const rest = this.#handshake.push(bytes);
    if (rest === undefined) return;
    this.#phase = 'messages';
    this.#sinceMs = this.#clock.monotonicMs();
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
    if (this.#bitrateCap?.exceeds(this.#received, nowMs) === true) {
      const description = `the encoder sends more than ${this.#bitrateLimit}: lower its bitrate`;
      this.#session.refuse('NetStream.Publish.Failed', description);
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
    } else if (this.#phase === 'handshake') {
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
