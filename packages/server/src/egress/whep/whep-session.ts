import type { AnsweredSession } from '../../http/offer-answer.ts';
import type { EgressListener, RtcCloseReason, RtcSession } from '../../rtc-worker/rtc-gateway.ts';

/** What a session needs from its endpoint. */
export interface WhepSessionOptions {
  readonly streamId: string;
  /** What let the viewer in, where the stream asks for it. */
  readonly token?: string | undefined;
  readonly offerCredentials: ReadonlySet<string>;
  /** Media flows; once. */
  readonly onConnected: () => void;
  /** The session is over, for whatever reason; once. */
  readonly onEnded: (reason: RtcCloseReason) => void;
}

/** One WHEP viewer. */
export class WhepSession implements EgressListener, AnsweredSession {
  readonly streamId: string;
  /** What let the viewer in. */
  readonly token: string | undefined;
  readonly offerCredentials: ReadonlySet<string>;
  readonly #options: WhepSessionOptions;
  #rtc: RtcSession | undefined;
  #connected = false;
  #ended = false;

  constructor(options: WhepSessionOptions) {
    this.streamId = options.streamId;
    this.token = options.token;
    this.offerCredentials = options.offerCredentials;
    this.#options = options;
  }

  /** Empty before the offer was answered. */
  get iceUfrag(): string {
    return this.#rtc?.iceUfrag ?? '';
  }

  /** True while media flows. */
  get connected(): boolean {
    return this.#connected && !this.#ended;
  }

  /** True once it is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The offer was answered: from now on `end` closes the WebRTC session. */
  answered(rtc: RtcSession): void {
    this.#rtc = rtc;
  }

  onConnected(): void {
    if (this.#connected || this.#ended) return;
    this.#connected = true;
    this.#options.onConnected();
  }

  onClosed(reason: RtcCloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnded(reason);
  }

  /** Closes the WebRTC session. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#rtc?.close();
    this.onClosed('closed');
  }
}
