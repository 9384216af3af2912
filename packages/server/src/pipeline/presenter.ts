import { LivePresentation } from '../packager/live-presentation.ts';
import { SLACK_MS } from '../packager/segment-clock.ts';
import type { Spool } from '../packager/spool.ts';
import { canPackage } from '../packager/video-packager.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { StreamEvent } from '../stream/reader.ts';
import type { PictureLimits } from '../stream/stream-limits.ts';
import type { AudioTrack, VideoTrack } from '../stream/track.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import { exceeds } from '../transcode/ladder.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { PresentedSound, presentedTrack } from './presented-sound.ts';
import { ReorderWatch } from './reorder-watch.ts';
import { RungBoard } from './rung-board.ts';
import type { SourceEncoder, SourceEncoderFactory } from './source-encoder.ts';
import type { Layout } from './track-wait.ts';

/** What a presenter needs from outside. */
export interface PresenterOptions {
  readonly stream: LiveStream;
  readonly options: PipelineOptions;
  readonly clock: Clock;
  /** Bound to the stream. */
  readonly log: Logger;
  /** Where segments go that left the playlists. */
  readonly spool: Spool | undefined;
  /** Makes the ladder of a source; undefined serves the source alone. */
  readonly encoderFor: SourceEncoderFactory | undefined;
  /** What encodes sound that HLS does not carry; undefined leaves it silent. */
  readonly audio: AudioEncoderServices | undefined;
  /** Media sequence numbers of this stream so far: the presentations' are above. */
  readonly afterMsn: number;
  /** How to ask the present publisher for a keyframe; undefined when its protocol has no way. */
  readonly keyframeRequest: () => (() => void) | undefined;
  /** What viewers may get of the present publisher. */
  readonly limits: () => PictureLimits;
  /** Runs a step whose failure may end this stream only. */
  readonly contain: (step: () => void) => void;
}

/** A publisher that was asked for a keyframe is not asked again within this time, in milliseconds of media. */
const ASK_AGAIN_MS = 300;

/** Shows one stream to its viewers: what its publishers send goes to the encoders and to the packager, publisher after publisher. */
export class Presenter {
  /** The encoded renditions, as pictures. */
  readonly rungs = new RungBoard();
  readonly #options: PresenterOptions;
  readonly #order = new ReorderWatch();
  #presentation: LivePresentation | undefined;
  #encoder: SourceEncoder | undefined;
  #source: VideoTrack | undefined;
  #sound: PresentedSound | undefined;
  /** Stream time of the last request for a keyframe. */
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PresenterOptions) {
    this.#options = options;
  }

  /** What viewers get; undefined before the first publisher's tracks are known. */
  get presentation(): LivePresentation | undefined {
    return this.#presentation;
  }

  /** True once the present source has shown a picture in another place than it was decoded in (B-frames). */
  get reordered(): boolean {
    return this.#order.reordered;
  }

  /** Encoded seconds per second, lately; undefined while nothing is encoded. */
  get encoderSpeed(): number | undefined {
    return this.#encoder?.speed;
  }

  /** True when renditions of the source are encoded, or will be as far as is known. */
  get encodes(): boolean {
    return this.#options.encoderFor !== undefined && this.rungs.planned?.length !== 0;
  }

  /** False for a source that is more than viewers may get, while less of it is encoded or may be. */
  shows(source: VideoTrack): boolean {
    return !this.encodes || !exceeds(source, this.#options.limits());
  }

  /** Goes on with the presentation that viewers have, unless the publisher's tracks do not fit it. */
  open(layout: Layout): void {
    const previous = this.#presentation;
    if (previous !== undefined && previous.hasVideo === layout.video) return;
    previous?.end();
    const { stream, options, clock, spool, afterMsn } = this.#options;
    this.#presentation = new LivePresentation({
      streamId: stream.streamId,
      packager: options.packager,
      clock,
      wallClock: stream.wallClock,
      trackSilenceMs: options.trackSilenceMs,
      audioTrack: presentedTrack(stream.audio),
      hasVideo: layout.video,
      afterMsn: previous?.lastMsn ?? afterMsn,
      spool,
    });
  }

  /** Takes what the publisher sent, in order. */
  take(event: StreamEvent): void {
    // Video that joins a stream of sound: players must load the stream anew to see it, so it ends and begins again.
    if (event.type === 'track' && event.track.kind === 'video') this.open({ video: true, audio: true });
    const presentation = this.#presentation;
    if (presentation === undefined) return;
    if (event.type === 'track') {
      if (event.track.kind === 'audio') this.#takeSound(presentation, event.track);
      else this.#takeSource(presentation, event.track);
    } else if (event.unit.kind === 'audio') this.#sound?.write(event.unit);
    else if (presentation.hasVideo) {
      this.#order.observe(event.unit);
      // The encoder first: it may decide that this very keyframe begins a discontinuity.
      this.#encoder?.write(event.unit);
      presentation.observeVideo(event.unit);
      presentation.pushSource(event.unit);
      this.#askForKeyframe(presentation, event.unit.dts);
    }
  }

  /** A segment is due to end, and no keyframe has come that could end it. */
  #askForKeyframe({ segmentClock }: LivePresentation, dtsMs: number): void {
    const ask = this.#options.keyframeRequest();
    const startMs = segmentClock.current?.startMs;
    if (ask === undefined || startMs === undefined || segmentClock.followsEncoder) return;
    // Not earlier: a keyframe before the shortest segment has passed would end nothing, and the next one would come too late.
    if (dtsMs - startMs < this.#options.options.packager.segmentDurationMs - SLACK_MS) return;
    if (dtsMs - this.#askedAtMs < ASK_AGAIN_MS) return;
    this.#askedAtMs = dtsMs;
    ask();
  }

  /** The publisher is gone: what its encoders hold still comes out, until `interrupt`. */
  leave(): void {
    this.#sound?.end();
    this.#encoder?.end();
    this.#encoder = undefined;
    this.#source = undefined;
  }

  /** What was sent so far is all: it is published, and the next publisher begins a discontinuity. */
  interrupt(): void {
    this.#sound?.close();
    this.#sound = undefined;
    this.#presentation?.interrupt();
  }

  /** Ends the presentation for its viewers. */
  end(): void {
    this.#presentation?.end();
  }

  /** Lets go of the encoders; idempotent. */
  close(): void {
    this.#encoder?.close();
    this.#sound?.close();
  }

  /** What is shown, for logs, metrics and tests. */
  dump(): object {
    return {
      encoder: this.#encoder?.dump(),
      sound: this.#sound?.dump(),
      presentation: this.#presentation?.dump(),
    };
  }

  #takeSound(presentation: LivePresentation, track: AudioTrack): void {
    const { audio, log, contain } = this.#options;
    this.#sound ??= new PresentedSound({
      services: audio,
      log,
      onUnit: (unit) => contain(() => this.#presentation?.pushAudio(unit)),
    });
    this.#sound.setTrack(track);
    const presented = presentedTrack(track);
    if (!presentation.audio.differsFrom(presented)) return;
    presentation.segmentClock.requestDiscontinuity();
    presentation.audio.setTrack(presented);
  }

  #takeSource(presentation: LivePresentation, track: VideoTrack): void {
    const { stream, encoderFor, contain, log } = this.#options;
    this.#order.reset();
    const { width, height, codecString } = track;
    if (this.#source !== undefined) {
      const goesOn = this.#encoder?.adapt(track) === true;
      log.info({ width, height, codec: codecString, encoderGoesOn: goesOn }, 'source parameters changed');
      if (goesOn) return;
      presentation.segmentClock.requestDiscontinuity();
      this.#encoder?.end();
    }
    this.#source = track;
    const rungs = this.rungs.open();
    const shown = this.shows(track);
    presentation.setSource(track, shown);
    if (!shown)
      log.info(
        { width, height, frameRate: track.frameRate, ...this.#options.limits() },
        'the source is above the limits of its stream: viewers get what is encoded of it',
      );
    this.#encoder = encoderFor?.({
      streamId: stream.streamId,
      source: track,
      limits: this.#options.limits(),
      presentation,
      gop: () => stream.gop(),
      keyframesOnRequest: this.#options.keyframeRequest() !== undefined,
      rungs,
      contain,
      log,
    });
    if (this.#encoder !== undefined) return;
    if (!shown) presentation.setSource(track);
    if (!canPackage(track.codec))
      log.error(
        { codec: codecString },
        'there is no picture: this source cannot be shown unless it is encoded',
      );
    presentation.planned = true;
    rungs.plan([]);
  }
}
