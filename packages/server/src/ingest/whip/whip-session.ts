import type { AnsweredSession } from '../../http/offer-answer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type {
  IngestListener,
  IngestStats,
  RtcCloseReason,
  RtcIngestSession,
} from '../../rtc-worker/rtc-gateway.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { PublisherEnd, PublisherSink } from '../../stream/publisher.ts';
import type { Track } from '../../stream/track.ts';
import { BitrateCap, type BitrateCapLimits, tighterLimits } from '../rtmp/bitrate-cap.ts';
import { HealthWatch } from './health-watch.ts';

/** What a session needs from its endpoint. */
export interface WhipSessionOptions {
  readonly streamId: string;
  readonly offerCredentials: ReadonlySet<string>;
  readonly limits: BitrateCapLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** The session is over, for whatever reason; once. */
  readonly onEnded: () => void;
}

/** One WHIP publisher: what its WebRTC session brings goes to the stream's sink. */
export class WhipSession implements IngestListener, AnsweredSession {
  readonly streamId: string;
  readonly offerCredentials: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onEnded: () => void;
  readonly #health = new HealthWatch();
  readonly #limits: BitrateCapLimits;
  #cap: BitrateCap;
  #receivedBytes = 0;
  #early: Track[] = [];
  #rtc: RtcIngestSession | undefined;
  #sink: PublisherSink | undefined;
  #ended: PublisherEnd | undefined;

  constructor(options: WhipSessionOptions) {
    this.streamId = options.streamId;
    this.offerCredentials = options.offerCredentials;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onEnded = options.onEnded;
    this.#limits = options.limits;
    this.#cap = new BitrateCap(options.limits, 0, options.clock.monotonicMs());
  }

  /** Empty before the offer was answered. */
  get iceUfrag(): string {
    return this.#rtc?.iceUfrag ?? '';
  }

  /** True once it is over. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Milliseconds since media came; for ever when there is no WebRTC session. */
  silentForMs(): number {
    return this.#rtc?.silentForMs() ?? Number.POSITIVE_INFINITY;
  }

  /** The offer was answered: from now on `end` closes the WebRTC session. */
  answered(rtc: RtcIngestSession): void {
    this.#rtc = rtc;
  }

  /** The stream takes it: from now on media goes there, within the stream's limit in bit/s where it has one. */
  attach(
    sink: PublisherSink,
    options: {
      readonly tracks: { readonly video: boolean; readonly audio: boolean };
      readonly maxBitrateBps: number | undefined;
    },
  ): void {
    this.#sink = sink;
    const limits = tighterLimits(this.#limits, options.maxBitrateBps);
    this.#cap = new BitrateCap(limits, this.#receivedBytes, this.#clock.monotonicMs());
    sink.expectTracks(options.tracks);
    for (const track of this.#early) sink.writeTrack(track);
    this.#early = [];
  }

  onTrack(track: Track): void {
    if (this.#ended !== undefined) return;
    // No stream yet: its track is kept, its first pictures are not, for nobody could send any before the answer.
    if (this.#sink === undefined)
      this.#early = [...this.#early.filter(({ kind }) => kind !== track.kind), track];
    else this.#sink.writeTrack(track);
  }

  onUnit(unit: AccessUnit): void {
    if (this.#ended !== undefined) return;
    this.#receivedBytes += unit.payload.length;
    if (this.#cap.exceeds(this.#receivedBytes, this.#clock.monotonicMs())) {
      this.#log.warn({}, 'publisher sends more than it may');
      this.end('protocol-error');
      return;
    }
    this.#sink?.writeUnit(unit);
  }

  onStats(stats: IngestStats): void {
    if (this.#ended === undefined) this.#sink?.report(this.#health.see(stats));
  }

  onClosed(reason: RtcCloseReason): void {
    this.#finish(reason === 'protocol-error' ? 'protocol-error' : 'connection-lost', { rtcReason: reason });
  }

  /** Closes the WebRTC session and tells the stream. Idempotent. */
  end(reason: PublisherEnd): void {
    if (this.#ended !== undefined) return;
    this.#rtc?.close();
    this.#finish(reason, {});
  }

  #finish(reason: PublisherEnd, fields: object): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    if (this.#sink !== undefined) this.#log.info({ reason, ...fields }, 'publisher left');
    this.#onEnded();
    this.#sink?.end(reason);
  }
}
