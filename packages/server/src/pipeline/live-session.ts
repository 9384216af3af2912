import type { LivePresentation } from '../packager/live-presentation.ts';
import type { Spool } from '../packager/spool.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { LiveStream } from '../stream/live-stream.ts';
import {
  type PublisherEnd,
  type PublisherHealth,
  type PublisherSink,
  type PublishOptions,
  StreamBusyError,
} from '../stream/publisher.ts';
import type { StreamReader } from '../stream/reader.ts';
import { limitsOf, type StreamLimits } from '../stream/stream-limits.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import { limitWarnings } from './limit-warnings.ts';
import { MediaMeter } from './media-meter.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { Presenter } from './presenter.ts';
import { repeaterFor } from './repeater-for.ts';
import type { RungBoard } from './rung-board.ts';
import type { SessionEvent } from './session-events.ts';
import { type SessionFigures, sessionFigures } from './session-figures.ts';
import { FLUSH_MS, type SourceEncoderFactory } from './source-encoder.ts';
import { TrackWait } from './track-wait.ts';

/** What a session needs from outside. */
export interface LiveSessionOptions {
  readonly streamId: string;
  readonly options: PipelineOptions;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where segments go that left the playlists. */
  readonly spool: Spool | undefined;
  /** Makes the ladder of a source; undefined serves the source alone. */
  readonly encoderFor: SourceEncoderFactory | undefined;
  /** What encodes sound that HLS does not carry; undefined leaves it silent. */
  readonly audio: AudioEncoderServices | undefined;
  /** Media sequence numbers of this stream so far: the session's are above. */
  readonly afterMsn: number;
  /** Publishers that come and go, and the end of the stream. */
  readonly onEvent: (event: SessionEvent) => void;
  /** The reconnect window has passed, or the stream was ended. */
  readonly onEnded: () => void;
  /** No more media: ended, or the server stops. Once. */
  readonly onClosed: () => void;
}

/** Protocol of publishers that send by WebRTC. */
const WEBRTC = 'whip';

interface AttachedPublisher {
  readonly options: PublishOptions;
  readonly tracks: TrackWait;
  readonly meter: MediaMeter;
  reader: StreamReader | undefined;
  begun: boolean;
  health: PublisherHealth | undefined;
}

/** One live stream from its first publisher to its end: joins ingest, ladder and packager, and outlives lost publishers. */
export class LiveSession {
  readonly streamId: string;
  /** When the first publisher came, Unix milliseconds. */
  readonly startedAtMs: number;
  readonly #options: PipelineOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onEvent: (event: SessionEvent) => void;
  readonly #onEnded: () => void;
  readonly #onClosed: () => void;
  readonly #stream: LiveStream;
  readonly #presenter: Presenter;
  #publisher: AttachedPublisher | undefined;
  /** The last publisher's: what it sent is still there when it is gone. */
  #limits: StreamLimits = {};
  #reconnectTimer: NodeJS.Timeout | undefined;
  #interruptTimer: NodeJS.Timeout | undefined;
  /** Pictures that publishers reported as lost, and that readers of publishers before this one threw away. */
  #droppedFrames = 0;
  #ended = false;
  #closed = false;

  constructor(options: LiveSessionOptions) {
    this.streamId = options.streamId;
    this.#options = options.options;
    this.#clock = options.clock;
    this.startedAtMs = options.clock.now();
    this.#log = options.log.child({ streamId: options.streamId });
    this.#onEvent = options.onEvent;
    this.#onEnded = options.onEnded;
    this.#onClosed = options.onClosed;
    this.#stream = new LiveStream({
      streamId: options.streamId,
      clock: options.clock,
      log: this.#log,
      trackSilenceMs: options.options.trackSilenceMs,
      repeaterFor,
    });
    const { clock, spool, encoderFor, audio, afterMsn } = options;
    this.#presenter = new Presenter({
      stream: this.#stream,
      ...{ options: options.options, clock, spool, encoderFor, audio, afterMsn },
      log: this.#log,
      keyframeRequest: () => this.#publisher?.options.requestKeyframe,
      limits: () => this.#limits,
      contain: (step) => this.contain(step),
    });
  }

  /** The stream itself, for readers other than the packager. */
  get stream(): LiveStream {
    return this.#stream;
  }

  /** True once the present source has shown a picture in another place than it was decoded in (B-frames). */
  get reordered(): boolean {
    return this.#presenter.reordered;
  }

  /** True when renditions of the source are encoded, or will be as far as is known. */
  get encodes(): boolean {
    return this.#presenter.encodes;
  }

  /** False for a source that is more than viewers may get, while less of it is encoded or may be. */
  shows(source: VideoTrack): boolean {
    return this.#presenter.shows(source);
  }

  /** The encoded renditions, as pictures. */
  get rungs(): RungBoard {
    return this.#presenter.rungs;
  }

  /** Asks the publisher for a keyframe, where its protocol can. */
  requestKeyframe(): void {
    this.#publisher?.options.requestKeyframe?.();
  }

  /** What viewers get; undefined until the publisher's tracks are known. */
  get presentation(): LivePresentation | undefined {
    return this.#presenter.presentation;
  }

  /** True while a publisher is connected. */
  get publishing(): boolean {
    return this.#publisher !== undefined;
  }

  /** Id of the key that publishes now. */
  get keyId(): string | undefined {
    return this.#publisher?.options.keyId;
  }

  /** Protocol of the publisher; undefined while nobody publishes. */
  get protocol(): string | undefined {
    return this.#publisher?.options.protocol;
  }

  /** What the publisher's connection and media are like; undefined while nobody publishes, or nothing is known of it. */
  get health(): PublisherHealth | undefined {
    const publisher = this.#publisher;
    if (publisher === undefined) return undefined;
    const { health } = publisher;
    const warnings = limitWarnings({
      limits: this.#limits,
      video: this.#stream.video,
      rate: publisher.meter.read(this.#clock.monotonicMs()),
      encodes: this.encodes,
    });
    return warnings.length === 0
      ? health
      : { ...health, warnings: [...(health?.warnings ?? []), ...warnings] };
  }

  /** What the stream's owner allowed the publisher; the last one's while it is away. */
  get limits(): StreamLimits {
    return this.#limits;
  }

  /** How the stream's media is now. */
  figures(): SessionFigures {
    const publisher = this.#publisher;
    return sessionFigures({
      protocol: publisher?.options.protocol,
      startedAtMs: this.startedAtMs,
      rate: publisher?.meter.read(this.#clock.monotonicMs()),
      video: this.#stream.video,
      droppedFrames: this.#droppedFrames + (publisher?.reader?.dropped ?? 0),
      encoderSpeed: this.#presenter.encoderSpeed,
      health: this.health,
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Lets a publisher in. Throws `StreamBusyError` when another one is alive. */
  attach(options: PublishOptions): PublisherSink {
    this.#makeRoom();
    clearTimeout(this.#reconnectTimer);
    if (this.#interruptTimer !== undefined) this.#interrupt();
    const publisher: AttachedPublisher = {
      options,
      // WebRTC's sound is Opus, of which viewers hear AAC of our own making: silence until it comes is of the same kind.
      tracks: new TrackWait(this.#options.secondTrackWaitMs, options.protocol === WEBRTC),
      meter: new MediaMeter(this.#clock.monotonicMs()),
      reader: undefined,
      begun: false,
      health: undefined,
    };
    this.#publisher = publisher;
    this.#limits = limitsOf(options);
    this.#stream.beginPublisher();
    publisher.reader = this.#stream.read({ onReadable: () => this.#drain(publisher) });
    this.#log.info(
      { protocol: options.protocol, peer: options.peer, keyId: options.keyId },
      'publisher connected',
    );
    const { protocol, keyId } = options;
    this.#onEvent({ type: 'publisher-connected', streamId: this.streamId, protocol, keyId });
    const isCurrent = (): boolean => this.#publisher === publisher;
    return {
      writeTrack: (track) => {
        if (!isCurrent()) return;
        this.contain(() => {
          publisher.tracks.see(track.kind, this.#clock.monotonicMs());
          this.#stream.writeTrack(track);
          this.#beginWhenReady(publisher);
        });
      },
      writeUnit: (unit) => {
        if (!isCurrent()) return;
        publisher.meter.count(unit);
        this.contain(() => {
          this.#stream.writeUnit(unit);
          if (!publisher.begun) this.#beginWhenReady(publisher);
        });
      },
      expectTracks: (kinds) => {
        if (isCurrent()) publisher.tracks.expect(kinds);
      },
      report: (health) => {
        if (!isCurrent()) return;
        publisher.health = health;
        this.#droppedFrames += health.droppedFrames ?? 0;
      },
      end: (reason) => {
        if (isCurrent()) this.#detach(reason);
      },
    };
  }

  /** Closes the publisher's connection, for a revoked key or a stopping server. */
  evict(reason: PublisherEnd): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    publisher.options.evict(reason);
    if (this.#publisher === publisher) this.#detach(reason);
  }

  /** To be called several times a second: what depends on time passing rather than on media arriving. */
  tick(): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    publisher.meter.tick(this.#clock.monotonicMs());
    this.contain(() => {
      if (!publisher.begun) this.#beginWhenReady(publisher);
      this.#stream.tick();
    });
  }

  /** Does a step of this stream's work. An error that nobody foresaw ends this stream, never the server or another stream. */
  contain(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#log.error({ error, peer: this.#publisher?.options.peer }, 'stream ended by an unexpected error');
      this.evict('protocol-error');
      try {
        this.end();
      } catch (second) {
        this.#log.error({ error: second }, 'the broken stream could not be ended in order');
      }
    }
  }

  /** Ends the stream for its viewers; idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.evict('server-stopping');
    this.close();
    this.#presenter.end();
    this.#log.info({}, 'stream ended');
    this.#onEvent({ type: 'ended', streamId: this.streamId });
    this.#onEnded();
  }

  /** Lets go of timers, encoders and readers without telling viewers: they find the stream again after a restart. Idempotent. */
  close(): void {
    clearTimeout(this.#reconnectTimer);
    clearTimeout(this.#interruptTimer);
    this.#presenter.close();
    this.#stream.close();
    if (this.#closed) return;
    this.#closed = true;
    if (this.#publisher !== undefined) {
      // Only where the server stops: its connection is closed by whoever accepted it, and must set no timer here afterwards.
      this.#publisher = undefined;
      this.#onEvent({ type: 'publisher-lost', streamId: this.streamId, reason: 'server-stopping' });
    }
    this.#onClosed();
  }

  /** What this session is, for logs, metrics and tests. */
  dump(): object {
    return {
      streamId: this.streamId,
      publishing: this.publishing,
      stream: this.#stream.dump(),
      ...this.#presenter.dump(),
    };
  }

  #makeRoom(): void {
    const present = this.#publisher;
    if (present === undefined) return;
    const silentMs = present.options.silentForMs();
    if (silentMs < this.#options.takeoverSilenceMs) throw new StreamBusyError(this.streamId, silentMs);
    this.#log.warn(
      { silentMs: Math.round(silentMs), peer: present.options.peer },
      'half-open publisher replaced',
    );
    present.options.evict('taken-over');
    if (this.#publisher === present) this.#detach('taken-over');
  }

  #detach(reason: PublisherEnd): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    this.#publisher = undefined;
    this.#droppedFrames += publisher.reader?.dropped ?? 0;
    publisher.reader?.close();
    this.#presenter.leave();
    this.#log.info({ reason }, 'publisher gone');
    this.#onEvent({ type: 'publisher-lost', streamId: this.streamId, reason });
    if (this.#ended) return;
    // What the encoder still holds belongs to this publisher's last segment.
    this.#interruptTimer = setTimeout(() => this.contain(() => this.#interrupt()), FLUSH_MS);
    const ownMs = publisher.options.reconnectWindowMs ?? this.#options.reconnectWindowMs;
    const windowMs = reason === 'revoked' ? 0 : ownMs;
    this.#reconnectTimer = setTimeout(() => this.contain(() => this.end()), Math.max(windowMs, FLUSH_MS));
  }

  #interrupt(): void {
    clearTimeout(this.#interruptTimer);
    this.#interruptTimer = undefined;
    this.#presenter.interrupt();
  }

  #beginWhenReady(publisher: AttachedPublisher): void {
    if (publisher.begun) return;
    const layout = publisher.tracks.decide(this.#clock.monotonicMs());
    if (layout === undefined) return;
    publisher.begun = true;
    this.#presenter.open(layout);
    this.#drain(publisher);
  }

  #drain(publisher: AttachedPublisher): void {
    if (!publisher.begun || publisher.reader === undefined) return;
    for (let event = publisher.reader.take(); event !== undefined; event = publisher.reader.take())
      this.#presenter.take(event);
  }
}
