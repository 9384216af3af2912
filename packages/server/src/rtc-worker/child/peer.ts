import { PeerConnection, type RtcConfig, type Track } from 'node-datachannel';
import type { Clock } from '../../platform/clock.ts';
import type { ChildLimits } from '../protocol/messages.ts';
import { type RtcCloseReason, RtcRefusedError } from '../rtc-gateway.ts';
import type { ChildSessionEvents } from './child-session.ts';

/** What every peer connection of this process shares. */
export interface PeerEnvironment {
  /** UDP port of all sessions. */
  readonly port: number;
  /** Addresses for the candidates of our answers, best first. */
  addresses(): readonly string[];
  readonly limits: ChildLimits;
  readonly clock: Clock;
}

/** Fits IPv6 and tunnels: the usual WebRTC figure. */
const MTU = 1200;

/**
 * A peer connection of the native library with our ports and time limits. It never throws after `answer`, and tells its end once.
 * The caller gives it an offer without candidates: they lead to a handshake race, and would let strangers aim our STUN at others.
 */
export class Peer {
  /** The native connection: tracks are added before `answer`. */
  readonly connection: PeerConnection;
  readonly #environment: PeerEnvironment;
  readonly #events: ChildSessionEvents;
  #iceIsThrough = false;
  #connected = false;
  #limit: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: {
    readonly environment: PeerEnvironment;
    readonly name: string;
    readonly events: ChildSessionEvents;
    /** Tracks that the offer brings. */
    readonly onTrack?: (track: Track) => void;
    readonly config?: Partial<RtcConfig>;
  }) {
    const { environment, events, onTrack } = options;
    this.#environment = environment;
    this.#events = events;
    this.connection = new PeerConnection(options.name, {
      iceServers: [],
      enableIceUdpMux: true,
      portRangeBegin: environment.port,
      portRangeEnd: environment.port,
      mtu: MTU,
      ...options.config,
    });
    this.connection.onStateChange((state) => this.#onState(state));
    this.connection.onIceStateChange((state) => this.#onIceState(state));
    if (onTrack !== undefined) this.connection.onTrack(onTrack);
  }

  /** True from the end of the DTLS handshake to the end of the session. */
  get isConnected(): boolean {
    return this.#connected && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Gives the offer to the native library, starts the time limit of ICE, and returns the library's own answer. Throws RtcRefusedError for an
   * offer that it refuses; then this peer is closed.
   */
  answer(offer: string): string {
    try {
      this.connection.setRemoteDescription(offer, 'offer');
      const local = this.connection.localDescription();
      if (local === null || local.type !== 'answer') throw new Error('it has no answer');
      const { limits } = this.#environment;
      this.#limit = setTimeout(() => this.#end('ice-timeout'), limits.iceTimeoutMs);
      return local.sdp;
    } catch (cause) {
      this.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RtcRefusedError('bad-offer', `the offer cannot be answered: ${why}`);
    }
  }

  /** Ends it from the owner's side; no event follows. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#limit);
    try {
      this.connection.close();
    } catch {
      // It was closed by the native library already.
    }
  }

  /** Ends it and tells why; for reasons that the owner finds, such as silence. */
  end(reason: RtcCloseReason): void {
    this.#end(reason);
  }

  #onIceState(state: string): void {
    if (this.#closed || this.#iceIsThrough || (state !== 'connected' && state !== 'completed')) return;
    this.#iceIsThrough = true;
    clearTimeout(this.#limit);
    if (!this.#connected) {
      this.#limit = setTimeout(() => this.#end('dtls-failed'), this.#environment.limits.dtlsTimeoutMs);
    }
  }

  #onState(state: string): void {
    if (this.#closed) return;
    if (state === 'connected') {
      this.#connected = true;
      clearTimeout(this.#limit);
      this.#events.onConnected();
    } else if (state === 'failed') {
      this.#end(this.#connected || !this.#iceIsThrough ? 'ice-timeout' : 'dtls-failed');
    } else if (state === 'disconnected' || state === 'closed') {
      this.#end(this.#connected || !this.#iceIsThrough ? 'closed-by-peer' : 'dtls-failed');
    }
  }

  #end(reason: RtcCloseReason): void {
    if (this.#closed) return;
    this.close();
    this.#events.onClosed(reason);
  }
}
