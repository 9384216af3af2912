import { randomBytes } from 'node:crypto';
import { ticks } from '@tallylight/media/time/ticks.ts';
import type { Clock } from '../platform/clock.ts';
import type { FromChildMessage, SessionNumber } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';
import { fromWireTrack } from './protocol/wire-track.ts';
import {
  type EgressListener,
  type IngestListener,
  type RtcCloseReason,
  RtcRefusedError,
  type RtcSession,
} from './rtc-gateway.ts';

/** Who hears of a session: of a publisher's, a viewer's, or a probe's. */
export type SessionListener =
  | { readonly kind: 'ingest'; readonly listener: IngestListener }
  | { readonly kind: 'egress'; readonly listener: EgressListener }
  | { readonly kind: 'probe'; readonly listener: Pick<EgressListener, 'onClosed'> };

/** Messages about one session. */
export type SessionMessage = Extract<FromChildMessage, { readonly session: SessionNumber }>;

/** The server's side of one session: waits for the answer, then tells its listener what the child says. */
export class WorkerSession {
  readonly number: SessionNumber;
  /** 128 random bits in hexadecimal. */
  readonly id = randomBytes(16).toString('hex');
  readonly #to: SessionListener;
  readonly #clock: Clock;
  readonly #answered = Promise.withResolvers<{ readonly answer: string; readonly iceUfrag: string }>();
  #lastHeardMs: number;
  #isAnswered = false;
  #closed = false;

  constructor(number: SessionNumber, to: SessionListener, clock: Clock) {
    this.number = number;
    this.#to = to;
    this.#clock = clock;
    this.#lastHeardMs = clock.monotonicMs();
    // Nobody may wait any more when the worker dies.
    this.#answered.promise.catch(() => {});
  }

  /** The answer. Rejects with RtcRefusedError, and when the session ends before. */
  get answered(): Promise<Pick<RtcSession, 'answer' | 'iceUfrag'>> {
    return this.#answered.promise;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get kind(): SessionListener['kind'] {
    return this.#to.kind;
  }

  /**
   * Milliseconds since the publisher was last heard, or since the session was opened. Units alone would not do: a screen may have one
   * picture in some seconds, and pictures that wait for a keyframe are no units.
   */
  silentForMs(): number {
    return this.#clock.monotonicMs() - this.#lastHeardMs;
  }

  /** Takes what the child says. */
  handle(message: SessionMessage): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'answered':
        this.#isAnswered = true;
        this.#answered.resolve({ answer: message.answer, iceUfrag: message.iceUfrag });
        break;
      case 'refused':
        this.#closed = true;
        this.#answered.reject(new RtcRefusedError(message.reason, message.message));
        break;
      case 'heard':
        this.#lastHeardMs = this.#clock.monotonicMs();
        break;
      case 'connected':
        this.#lastHeardMs = this.#clock.monotonicMs();
        if (this.#to.kind === 'egress') this.#to.listener.onConnected();
        break;
      case 'track':
        if (this.#to.kind === 'ingest') this.#to.listener.onTrack(fromWireTrack(message.description));
        break;
      case 'stats':
        if (this.#to.kind === 'ingest') this.#to.listener.onStats(message.stats);
        break;
      case 'closed':
        this.end(message.reason);
        break;
    }
  }

  /** Takes an access unit. */
  unit(unit: WireUnit): void {
    if (this.#closed || this.#to.kind !== 'ingest') return;
    this.#lastHeardMs = this.#clock.monotonicMs();
    this.#to.listener.onUnit({
      kind: unit.kind,
      pts: ticks(unit.ptsMs),
      dts: ticks(unit.dtsMs),
      keyframe: unit.keyframe,
      payload: unit.payload,
    });
  }

  /** Ends it and tells the listener why, unless the offer was not answered yet: then the promise tells. Idempotent. */
  end(reason: RtcCloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#answered.reject(new RtcRefusedError('unavailable', `the session ended: ${reason}`));
    if (this.#isAnswered) this.#to.listener.onClosed(reason);
  }

  /** Ends it without a word to the listener; idempotent. */
  forget(): void {
    this.#closed = true;
    this.#answered.reject(new RtcRefusedError('unavailable', 'the session was closed'));
  }
}
