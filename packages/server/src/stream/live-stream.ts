import { ticks } from '@tallylight/media/time/ticks.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccessUnit } from './access-unit.ts';
import { type PictureRepeater, VideoCadence } from './cadence.ts';
import { GopCache } from './gop-cache.ts';
import { type ReaderLimits, type StreamEvent, StreamReader } from './reader.ts';
import { TimestampMapper } from './timestamp-mapper.ts';
import type { AudioTrack, Track, VideoTrack } from './track.ts';
import { WallClockMapping } from './wall-clock.ts';

/** Settings of a live stream. */
export interface LiveStreamOptions {
  readonly streamId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How far video may fall behind audio, in milliseconds, before its last picture is repeated. Default 250. */
  readonly trackSilenceMs?: number;
  /** Makes the repeater of a video track; without it silent video is not filled. */
  readonly repeaterFor?: (track: VideoTrack) => PictureRepeater | undefined;
}

/** Stream time, in milliseconds, of the very first unit: room for audio that begins a little earlier. */
const FIRST_MS = 10_000;
/** A stream without audio is filled by our own clock between these silences, in milliseconds. */
const CLOCK_FILL_FROM_MS = 400;
const CLOCK_FILL_UNTIL_MS = 5000;

/**
 * The waist: one publisher, at most one video and one audio track, many readers. All times that readers see are on the
 * stream's clock, in milliseconds, which goes on over publishers.
 */
export class LiveStream {
  readonly streamId: string;
  readonly wallClock = new WallClockMapping();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #repeaterFor: ((track: VideoTrack) => PictureRepeater | undefined) | undefined;
  readonly #readers = new Set<StreamReader>();
  readonly #gop = new GopCache();
  readonly #cadence: VideoCadence;
  #mapper = new TimestampMapper(FIRST_MS);
  /** Unix time of monotonic 0, taken once a publisher: dates must not follow steps of the system's clock. */
  #monotonicEpochMs = 0;
  #lastArrivalMs: number | undefined;
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  #units = 0;

  constructor(options: LiveStreamOptions) {
    this.streamId = options.streamId;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#repeaterFor = options.repeaterFor;
    this.#cadence = new VideoCadence(options.trackSilenceMs ?? 250);
  }

  /** The present publisher's video track, once announced. */
  get video(): VideoTrack | undefined {
    return this.#video;
  }

  /** The present publisher's audio track, once announced. */
  get audio(): AudioTrack | undefined {
    return this.#audio;
  }

  /** A new publisher writes from now on: its clock is placed after what was sent, by the time that has passed. */
  beginPublisher(): void {
    if (this.#lastArrivalMs !== undefined) {
      const outageMs = Math.round(this.#clock.monotonicMs() - this.#lastArrivalMs);
      this.#mapper = new TimestampMapper(this.#mapper.lastMs + Math.max(100, outageMs));
      this.wallClock.reset();
    }
    this.#monotonicEpochMs = this.#clock.now() - this.#clock.monotonicMs();
    this.#gop.clear();
    this.#cadence.reset(undefined);
    this.#video = undefined;
    this.#audio = undefined;
  }

  /** Announces a track or its new parameters to every reader. */
  writeTrack(track: Track): void {
    if (track.kind === 'video') {
      this.#video = track;
      this.#gop.clear();
      this.#cadence.reset(this.#repeaterFor?.(track));
    } else {
      this.#audio = track;
    }
    this.#emit({ type: 'track', track });
  }

  /** Writes one access unit stamped with the publisher's clock, in milliseconds. */
  writeUnit(unit: AccessUnit): void {
    const arrivalMs = this.#clock.monotonicMs();
    const { dts, jumpMs } = this.#mapper.map(unit.kind, unit.dts, arrivalMs);
    if (jumpMs !== 0) this.#log.warn({ track: unit.kind, jumpMs }, 'publisher timestamps jumped');
    const mapped: AccessUnit = { ...unit, dts, pts: ticks(dts + (unit.pts - unit.dts)) };
    this.#lastArrivalMs = arrivalMs;
    this.#units += 1;
    this.wallClock.observe(mapped.dts, this.#monotonicEpochMs + arrivalMs);
    if (mapped.kind === 'audio') {
      this.#fillVideo(mapped.dts);
      this.#emit({ type: 'unit', unit: mapped });
    } else {
      this.#writeVideo(this.#cadence.pass(mapped));
    }
  }

  /**
   * Repeats the last picture of a stream without audio by our own clock. To be called a few times a second; does nothing
   * while there is an audio track, whose progress is the better witness.
   */
  tick(): void {
    if (this.#audio !== undefined || this.#lastArrivalMs === undefined || this.#video === undefined) return;
    const silentMs = this.#clock.monotonicMs() - this.#lastArrivalMs;
    if (silentMs > CLOCK_FILL_FROM_MS && silentMs < CLOCK_FILL_UNTIL_MS) {
      this.#fillVideo(this.#mapper.lastMs + silentMs - CLOCK_FILL_FROM_MS / 2);
    }
  }

  /** Reads the stream from now on, or from the last keyframe when `replayGop` is set. */
  read(options: {
    readonly onReadable: (reader: StreamReader) => void;
    readonly replayGop?: boolean;
    readonly limits?: ReaderLimits;
  }): StreamReader {
    const replay = options.replayGop === true ? this.#gop.units() : [];
    const reader: StreamReader = new StreamReader({
      onReadable: options.onReadable,
      onClose: () => this.#readers.delete(reader),
      awaitKeyframe: replay.length === 0,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    for (const track of [this.#video, this.#audio])
      if (track !== undefined) reader.push({ type: 'track', track });
    for (const unit of replay) reader.push({ type: 'unit', unit });
    this.#readers.add(reader);
    return reader;
  }

  /** The video units since the last keyframe. */
  gop(): readonly AccessUnit[] {
    return this.#gop.units();
  }

  /** What this stream is, for logs, metrics and tests. */
  dump(): {
    readonly streamId: string;
    readonly units: number;
    readonly readers: number;
    readonly repeated: number;
  } {
    return {
      streamId: this.streamId,
      units: this.#units,
      readers: this.#readers.size,
      repeated: this.#cadence.repeated,
    };
  }

  /** Lets every reader go; idempotent. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #fillVideo(streamMs: number): void {
    for (const repeat of this.#cadence.fill(streamMs)) this.#writeVideo(repeat);
  }

  #writeVideo(unit: AccessUnit): void {
    this.#gop.push(unit);
    this.#emit({ type: 'unit', unit });
  }

  #emit(event: StreamEvent): void {
    for (const reader of this.#readers) reader.push(event);
  }
}
