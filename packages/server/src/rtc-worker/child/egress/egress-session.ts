import { type EgressNegotiation, negotiateEgress } from '@tallylight/media/sdp/answer-egress.ts';
import type { Track } from 'node-datachannel';
import type { ChildSession, ChildSessionEvents, SessionAnswer } from '../child-session.ts';
import { answerMedia, judgingOffer, readOffer } from '../negotiation.ts';
import { Peer, type PeerEnvironment } from '../peer.ts';
import type { Feed } from './feed.ts';
import type { PacketSink } from './rtp-stream.ts';
import { Viewer } from './viewer.ts';

/** What a session needs of the egress. */
export interface EgressSessionEvents extends ChildSessionEvents {
  /** The session ended, for whatever reason; once. */
  onEnded(): void;
}

/**
 * A viewer's peer connection. It has one native track, which carries both our streams: with two the library would sort RTCP by itself,
 * where a malformed SDES can keep it busy for ever, and with it every session of the port.
 */
export class EgressSession implements ChildSession, PacketSink {
  readonly #feed: Feed;
  readonly #offer: string;
  readonly #environment: PeerEnvironment;
  readonly #events: EgressSessionEvents;
  readonly #peer: Peer;
  #track: Track | undefined;
  #viewer: Viewer | undefined;
  #connected = false;
  #ended = false;

  constructor(options: {
    readonly feed: Feed;
    readonly offer: string;
    readonly environment: PeerEnvironment;
    readonly events: EgressSessionEvents;
  }) {
    this.#feed = options.feed;
    this.#offer = options.offer;
    this.#environment = options.environment;
    this.#events = options.events;
    this.#peer = new Peer({
      environment: options.environment,
      name: 'viewer',
      events: {
        onConnected: () => this.#onConnected(),
        onClosed: (reason) => {
          this.#end();
          options.events.onClosed(reason);
        },
      },
      onTrack: (track) => this.#onTrack(track),
    });
  }

  /** The viewer, once the offer is answered. */
  get viewer(): Viewer | undefined {
    return this.#viewer;
  }

  async open(): Promise<SessionAnswer> {
    try {
      const offer = readOffer(this.#offer);
      const negotiation = judgingOffer(() => negotiateEgress(offer, this.#feed.codecString));
      const viewer = new Viewer(this.#feed, negotiation, this);
      const answer = answerMedia(withStreams(negotiation, viewer), this.#peer, this.#environment);
      this.#viewer = viewer;
      this.#feed.join(viewer);
      return answer;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends RTP or RTCP; false when the system's buffer is full or the connection is gone. Whoever does not keep up loses it. */
  send(packet: Buffer): boolean {
    try {
      return this.#track?.sendMessageBinary(packet) === true;
    } catch {
      // Closed meanwhile: its end is told by an event of its own.
      return false;
    }
  }

  /** Four times a second: ends the session of a viewer that fell silent. */
  tick(nowMs: number): void {
    if (this.#connected && this.#viewer?.tick(nowMs) === false) this.#peer.end('silent');
  }

  /** Ends it and tells why. */
  end(): void {
    this.#viewer?.end();
    this.#peer.end('closed');
  }

  close(): void {
    this.#viewer?.end();
    this.#peer.close();
    this.#end();
  }

  #onTrack(track: Track): void {
    // The native track lives as long as somebody holds it.
    this.#track = track;
    track.onMessage((bytes) => this.#onRtcp(bytes));
    this.#startWhenReady();
  }

  /** A fault of ours that one viewer finds must not end the process for all the others. */
  #onRtcp(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      if (this.#viewer?.rtcp(bytes, this.#nowMs()) === false) this.#peer.end('protocol-error');
    } catch {
      this.#peer.end('protocol-error');
    }
  }

  #onConnected(): void {
    this.#connected = true;
    this.#events.onConnected();
    this.#startWhenReady();
  }

  #startWhenReady(): void {
    if (this.#connected && this.#track !== undefined && !this.#ended) this.#viewer?.start(this.#nowMs());
  }

  #nowMs(): number {
    return this.#environment.clock.monotonicMs();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#track = undefined;
    if (this.#viewer !== undefined) this.#feed.leave(this.#viewer);
    this.#events.onEnded();
  }
}

function withStreams(
  negotiation: EgressNegotiation,
  { streams }: Viewer,
): { readonly nativeOffer: string; answer(transport: Parameters<EgressNegotiation['answer']>[0]): string } {
  return {
    nativeOffer: negotiation.nativeOffer,
    answer: (transport) => negotiation.answer(transport, streams),
  };
}
