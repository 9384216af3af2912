import { LivePresentation } from '../packager/live-presentation.ts';
import type { Spool } from '../packager/spool.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { LiveStream } from '../stream/live-stream.ts';
import {
  type PublisherEnd,
  type PublisherHealth,
  type PublisherSink,
  type PublishTarget,
  StreamBusyError,
} from '../stream/publisher.ts';
import type { StreamReader } from '../stream/reader.ts';
import type { Track, VideoTrack } from '../stream/track.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { PresentedSound, presentedTrack } from './presented-sound.ts';
import { repeaterFor } from './repeater-for.ts';
import { RungBoard } from './rung-board.ts';
import { FLUSH_MS, type SourceEncoder, type SourceEncoderFactory } from './source-encoder.ts';
import { type Layout, TrackWait } from './track-wait.ts';

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
  /** The reconnect window has passed, or the stream was ended. */
  readonly onEnded: () => void;
  /** No more media: ended, or the server stops. Once. */
  readonly onClosed: () => void;
}

/** Protocol of publishers that send by WebRTC. */
const WEBRTC = 'whip';

type PublisherOptions = Parameters<PublishTarget['publish']>[0];

interface AttachedPublisher {
  readonly options: PublisherOptions;
  readonly tracks: TrackWait;
  readonly sound: PresentedSound;
  reader: StreamReader | undefined;
  begun: boolean;
  health: PublisherHealth | undefined;
}

/** One live stream from its first publisher to its end: joins ingest, ladder and packager, and outlives lost publishers. */
export class LiveSession {
  readonly streamId: string;
  /** The encoded renditions, as pictures. */
  readonly rungs = new RungBoard();
  /** When the first publisher came, Unix milliseconds. */
  readonly startedAtMs: number;
  readonly #options: PipelineOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #spool: Spool | undefined;
  readonly #encoderFor: SourceEncoderFactory | undefined;
  readonly #audio: AudioEncoderServices | undefined;
  readonly #onEnded: () => void;
  readonly #onClosed: () => void;
  readonly #afterMsn: number;
  readonly #stream: LiveStream;
  #publisher: AttachedPublisher | undefined;
  #presentation: LivePresentation | undefined;
  #encoder: SourceEncoder | undefined;
  /** Sound of the publisher that left last: its encoder may hold some still. */
  #fadingSound: PresentedSound | undefined;
  #reordered = false;
  #closed = false;
  #ladderTrack: VideoTrack | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #interruptTimer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: LiveSessionOptions) {
    this.streamId = options.streamId;
    this.#options = options.options;
    this.#clock = options.clock;
    this.startedAtMs = options.clock.now();
    this.#log = options.log.child({ streamId: options.streamId });
    this.#spool = options.spool;
    this.#encoderFor = options.encoderFor;
    this.#audio = options.audio;
    this.#onEnded = options.onEnded;
    this.#onClosed = options.onClosed;
    this.#afterMsn = options.afterMsn;
    this.#stream = new LiveStream({
      streamId: options.streamId,
      clock: options.clock,
      log: this.#log,
      trackSilenceMs: options.options.trackSilenceMs,
      repeaterFor,
    });
  }

  /** The stream itself, for readers other than the packager. */
  get stream(): LiveStream {
    return this.#stream;
  }

  /** True once the present source has shown a picture in another place than it was decoded in (B-frames). */
  get reordered(): boolean {
    return this.#reordered;
  }

  /** True when renditions of the source are encoded, or will be as far as is known. */
  get encodes(): boolean {
    return this.#encoderFor !== undefined && this.rungs.planned?.length !== 0;
  }

  /** Asks the publisher for a keyframe, where its protocol can. */
  requestKeyframe(): void {
    this.#publisher?.options.requestKeyframe?.();
  }

  /** What viewers get; undefined until the publisher's tracks are known. */
  get presentation(): LivePresentation | undefined {
    return this.#presentation;
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

  /** What the publisher's connection is like; undefined while nobody publishes or its protocol does not know. */
  get health(): PublisherHealth | undefined {
    return this.#publisher?.health;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Lets a publisher in. Throws `StreamBusyError` when another one is alive. */
  attach(options: PublisherOptions): PublisherSink {
    this.#makeRoom();
    clearTimeout(this.#reconnectTimer);
    if (this.#interruptTimer !== undefined) this.#interrupt();
    const publisher: AttachedPublisher = {
      options,
      // WebRTC's sound is Opus, of which viewers hear AAC of our own making: silence until it comes is of the same kind.
      tracks: new TrackWait(this.#options.secondTrackWaitMs, options.protocol === WEBRTC),
      sound: new PresentedSound({
        services: this.#audio,
        log: this.#log,
        onUnit: (unit) => this.contain(() => this.#presentation?.pushAudio(unit)),
      }),
      reader: undefined,
      begun: false,
      health: undefined,
    };
    this.#publisher = publisher;
    this.#stream.beginPublisher();
    publisher.reader = this.#stream.read({ onReadable: () => this.#drain(publisher) });
    this.#log.info(
      { protocol: options.protocol, peer: options.peer, keyId: options.keyId },
      'publisher connected',
    );
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
        this.contain(() => {
          this.#stream.writeUnit(unit);
          if (!publisher.begun) this.#beginWhenReady(publisher);
        });
      },
      expectTracks: (kinds) => {
        if (isCurrent()) publisher.tracks.expect(kinds);
      },
      report: (health) => {
        if (isCurrent()) publisher.health = health;
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
    this.#presentation?.end();
    this.#log.info({}, 'stream ended');
    this.#onEnded();
  }

  /** Lets go of timers, encoders and readers without telling viewers: they find the stream again after a restart. Idempotent. */
  close(): void {
    clearTimeout(this.#reconnectTimer);
    clearTimeout(this.#interruptTimer);
    this.#encoder?.close();
    this.#publisher?.sound.close();
    this.#fadingSound?.close();
    this.#stream.close();
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
  }

  /** What this session is, for logs, metrics and tests. */
  dump(): object {
    return {
      streamId: this.streamId,
      publishing: this.publishing,
      stream: this.#stream.dump(),
      encoder: this.#encoder?.dump(),
      sound: this.#publisher?.sound.dump(),
      presentation: this.#presentation?.dump(),
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
    publisher.reader?.close();
    publisher.sound.end();
    this.#fadingSound = publisher.sound;
    this.#encoder?.end();
    this.#encoder = undefined;
    this.#ladderTrack = undefined;
    this.#log.info({ reason }, 'publisher gone');
    if (this.#ended) return;
    // What the encoder still holds belongs to this publisher's last segment.
    this.#interruptTimer = setTimeout(() => this.contain(() => this.#interrupt()), FLUSH_MS);
    const windowMs = reason === 'revoked' ? 0 : this.#options.reconnectWindowMs;
    this.#reconnectTimer = setTimeout(() => this.contain(() => this.end()), Math.max(windowMs, FLUSH_MS));
  }

  #interrupt(): void {
    clearTimeout(this.#interruptTimer);
    this.#interruptTimer = undefined;
    this.#fadingSound?.close();
    this.#fadingSound = undefined;
    this.#presentation?.interrupt();
  }

  #beginWhenReady(publisher: AttachedPublisher): void {
    if (publisher.begun) return;
    const layout = publisher.tracks.decide(this.#clock.monotonicMs());
    if (layout === undefined) return;
    publisher.begun = true;
    this.#openPresentation(layout);
    this.#drain(publisher);
  }

  /** Goes on with the presentation that viewers have, unless the new publisher's tracks do not fit it. */
  #openPresentation(layout: Layout): void {
    const previous = this.#presentation;
    if (previous !== undefined && previous.hasVideo === layout.video) return;
    previous?.end();
    this.#presentation = new LivePresentation({
      streamId: this.streamId,
      packager: this.#options.packager,
      clock: this.#clock,
      wallClock: this.#stream.wallClock,
      trackSilenceMs: this.#options.trackSilenceMs,
      audioTrack: presentedTrack(this.#stream.audio),
      hasVideo: layout.video,
      afterMsn: previous?.lastMsn ?? this.#afterMsn,
      spool: this.#spool,
    });
  }

  #drain(publisher: AttachedPublisher): void {
    if (!publisher.begun || publisher.reader === undefined) return;
    for (let event = publisher.reader.take(); event !== undefined; event = publisher.reader.take()) {
      // Video that joins a stream of sound: players must load the stream anew to see it, so it ends and begins again.
      if (event.type === 'track' && event.track.kind === 'video')
        this.#openPresentation({ video: true, audio: true });
      const presentation = this.#presentation;
      if (presentation === undefined) return;
      if (event.type === 'track') this.#takeTrack(publisher, presentation, event.track);
      else if (event.unit.kind === 'audio') publisher.sound.write(event.unit);
      else if (presentation.hasVideo) {
        this.#reordered ||= event.unit.pts !== event.unit.dts;
        // The encoder first: it may decide that this very keyframe begins a discontinuity.
        this.#encoder?.write(event.unit);
        presentation.observeVideo(event.unit);
        presentation.pushSource(event.unit);
      }
    }
  }

  #takeTrack(publisher: AttachedPublisher, presentation: LivePresentation, track: Track): void {
    if (track.kind === 'audio') {
      publisher.sound.setTrack(track);
      const presented = presentedTrack(track);
      if (!presentation.audio.differsFrom(presented)) return;
      presentation.segmentClock.requestDiscontinuity();
      presentation.audio.setTrack(presented);
      return;
    }
    this.#reordered = false;
    if (this.#ladderTrack !== undefined) {
      const { width, height, codecString } = track;
      if (this.#encoder?.adapt(track) === true) {
        this.#log.info(
          { width, height, codec: codecString },
          'source parameters changed; the encoder goes on',
        );
        return;
      }
      this.#log.info({ width, height, codec: codecString }, 'source parameters changed');
      presentation.segmentClock.requestDiscontinuity();
      this.#encoder?.end();
    }
    this.#ladderTrack = track;
    presentation.setSource(track);
    presentation.planned ||= this.#encoderFor === undefined;
    const rungs = this.rungs.open();
    this.#encoder = this.#encoderFor?.({
      streamId: this.streamId,
      source: track,
      presentation,
      gop: () => this.#stream.gop(),
      rungs,
      contain: (step) => this.contain(step),
      log: this.#log,
    });
    if (this.#encoder === undefined) rungs.plan([]);
  }
}
