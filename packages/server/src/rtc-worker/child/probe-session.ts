import type { DataChannel } from 'node-datachannel';
import type { SessionNumber } from '../protocol/messages.ts';
import type { ChildSession, ChildSessionEvents, SessionAnswer } from './child-session.ts';
import { answerProbe } from './negotiation.ts';
import { Peer, type PeerEnvironment } from './peer.ts';

/** Messages of a probe are small; what is larger is not echoed. */
const MAX_MESSAGE_BYTES = 1024;
/** Two channels would be one more than the test needs. */
const MAX_CHANNELS = 2;
/** Some seconds of a test that sends every 20 ms: nobody gets a free relay from us. */
const MAX_MESSAGES = 2000;
/** Time for the closing of channels to reach the browser. */
const GOODBYE_MS = 300;

/** Echoes the messages of a data channel for a while, so that a browser can find out whether UDP reaches us. */
export class ProbeSession implements ChildSession {
  readonly #offer: string;
  readonly #environment: PeerEnvironment;
  readonly #peer: Peer;
  readonly #channels: DataChannel[] = [];
  #life: NodeJS.Timeout | undefined;
  #messages = 0;

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
          clearTimeout(this.#life);
          options.events.onClosed(reason);
        },
      },
      config: { maxMessageSize: MAX_MESSAGE_BYTES },
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
    clearTimeout(this.#life);
    this.#peer.close();
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
    // The native channel lives as long as somebody holds it.
    this.#channels.push(channel);
    channel.onMessage((message) => this.#echo(channel, message));
  }

  #echo(channel: DataChannel, message: string | Buffer | ArrayBuffer): void {
    const size = typeof message === 'string' ? message.length : message.byteLength;
    if (this.#peer.isClosed || size > MAX_MESSAGE_BYTES || ++this.#messages > MAX_MESSAGES) return;
    try {
      if (typeof message === 'string') channel.sendMessage(message);
      else channel.sendMessageBinary(new Uint8Array(message));
    } catch {
      // The channel was closed while the message was on its way.
    }
  }
}
