import type { DataChannel } from 'node-datachannel';
import type { SessionNumber } from '../protocol/messages.ts';
import type { ChildSession, ChildSessionEvents, SessionAnswer } from './child-session.ts';
import { answerProbe } from './negotiation.ts';
import { Peer, type PeerEnvironment } from './peer.ts';
import { MAX_PROBE_MESSAGE_BYTES, ProbeBound } from './probe-bound.ts';

/** Two channels would be one more than the test needs. */
const MAX_CHANNELS = 2;
/** Time for the closing of channels to reach the browser. */
const GOODBYE_MS = 300;

/** Echoes the messages of a data channel for a while, so that a browser can find out whether UDP reaches us. More of them than a test needs end it. */
export class ProbeSession implements ChildSession {
  readonly #offer: string;
  readonly #environment: PeerEnvironment;
  readonly #peer: Peer;
  readonly #channels: DataChannel[] = [];
  readonly #bound = new ProbeBound();
  #life: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly number: SessionNumber;
    readonly offer: string;
    readonly environment: PeerEnvironment;
    readonly events: ChildSessionEvents;
  }) {
    this.#offer = options.offer;
    this.#environment = options.environment;
    this.#peer = new Peer({
      environment: options.environment,
      name: `probe-${options.number}`,
      events: {
        onConnected: () => options.events.onConnected(),
        onClosed: (reason) => {
          this.#release();
          options.events.onClosed(reason);
        },
      },
      // The native library cuts what is longer: with one byte more it is seen that a message was too long.
      config: { maxMessageSize: MAX_PROBE_MESSAGE_BYTES + 1 },
    });
    this.#peer.connection.onDataChannel((channel) => this.#onChannel(channel));
  }

  async open(): Promise<SessionAnswer> {
    this.#life = setTimeout(() => this.#sayGoodbye(), this.#environment.limits.probeLifeMs);
    try {
      return answerProbe(this.#offer, this.#peer, this.#environment);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#release();
    this.#peer.close();
  }

  #release(): void {
    clearTimeout(this.#life);
    this.#channels.length = 0;
  }

  /** Closes the channels first: the end of the connection alone reaches the browser only after some seconds. */
  #sayGoodbye(): void {
    for (const channel of this.#channels) {
      try {
        channel.close();
      } catch {
        // It was closed by the browser.
      }
    }
    this.#life = setTimeout(() => this.#peer.end('closed'), GOODBYE_MS);
  }

  #onChannel(channel: DataChannel): void {
    if (this.#channels.length >= MAX_CHANNELS) {
      channel.close();
      return;
    }
    // The native channel lives as long as somebody holds it. Its callback must not: the library keeps that until the channel is garbage.
    const index = this.#channels.push(channel) - 1;
    channel.onMessage((message) => this.#echo(index, message));
  }

  #echo(index: number, message: string | Buffer | ArrayBuffer): void {
    const channel = this.#channels[index];
    if (channel === undefined || this.#peer.isClosed) return;
    const size = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength;
    if (!this.#bound.bears(size)) {
      this.#peer.end('protocol-error');
      return;
    }
    try {
      if (typeof message === 'string') channel.sendMessage(message);
      else channel.sendMessageBinary(new Uint8Array(message));
    } catch {
      // The channel was closed while the message was on its way.
    }
  }
}
