import { equalBytes } from '@tallylight/media/bytes/concat.ts';
import { CodecFormatError } from '@tallylight/media/codecs/codec-format-error.ts';
import { type AudioTag, parseAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { FlvFormatError } from '@tallylight/media/flv/flv-format-error.ts';
import { parseVideoTag, type VideoFramesTag, type VideoTag } from '@tallylight/media/flv/video-tag.ts';
import { ticks } from '@tallylight/media/time/ticks.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublisherSink } from '../../stream/publisher.ts';
import type { AudioTrack, TrackKind } from '../../stream/track.ts';
import { aacTrack } from './audio-config.ts';
import { CorruptMediaError, UnservableMediaError } from './media-error.ts';
import type { PublisherMetadata } from './metadata.ts';
import { normalisePicture } from './nal-units.ts';
import { TimestampUnwrapper } from './timestamp-unwrapper.ts';
import { codecName, readVideoConfig, type VideoConfig } from './video-config.ts';

/** How far a picture may be shown from when it is decoded, in milliseconds: 16 reordered pictures at the slowest rates. */
const MIN_COMPOSITION_MS = -1000;
const MAX_COMPOSITION_MS = 5000;

/** What went through a `MediaAdapter`, for logs and dumps. */
export interface MediaCounts {
  readonly videoUnits: number;
  readonly audioUnits: number;
  /** Units dropped because they were broken, or came before their codec's configuration. */
  readonly droppedUnits: number;
}

/**
 * Turns the FLV tags of one publisher into tracks and access units of its sink. Of several tracks of a kind the first that is
 * configured is used. Broken units are dropped, with a log line for the first; a codec that cannot be served throws
 * UnservableMediaError.
 */
export class MediaAdapter {
  readonly #sink: PublisherSink;
  readonly #log: Logger;
  readonly #unwrapper = new TimestampUnwrapper();
  readonly #otherTracks = new Set<string>();
  #metadata: PublisherMetadata | undefined;
  #video: (VideoConfig & { readonly trackId: number }) | undefined;
  #audio: { readonly track: AudioTrack; readonly trackId: number } | undefined;
  #videoUnits = 0;
  #audioUnits = 0;
  #droppedUnits = 0;

  constructor(sink: PublisherSink, log: Logger) {
    this.#sink = sink;
    this.#log = log;
  }

  /** Counts so far. */
  get counts(): MediaCounts {
    return { videoUnits: this.#videoUnits, audioUnits: this.#audioUnits, droppedUnits: this.#droppedUnits };
  }

  /** Takes what the publisher says of itself; tracks announced afterwards carry its frame rate and bitrates. */
  metadata(metadata: PublisherMetadata): void {
    this.#metadata = metadata;
    if (metadata.expectsVideo || metadata.expectsAudio) {
      this.#sink.expectTracks({ video: metadata.expectsVideo, audio: metadata.expectsAudio });
    }
  }

  /** Takes the payload of a video message. Throws UnservableMediaError. */
  video(timestampMs: number, payload: Uint8Array): void {
    // Some encoders send empty messages as a sign of life.
    if (payload.length === 0) return;
    try {
      this.#videoTag(parseVideoTag(payload), timestampMs);
    } catch (error) {
      this.#dropOrThrow('video', error);
    }
  }

  /** Takes the payload of an audio message. Throws UnservableMediaError. */
  audio(timestampMs: number, payload: Uint8Array): void {
    if (payload.length === 0) return;
    try {
      this.#audioTag(parseAudioTag(payload), timestampMs);
    } catch (error) {
      this.#dropOrThrow('audio', error);
    }
  }

  /** Counts something broken as dropped, and logs the first. */
  drop(what: string, reason: string): void {
    this.#droppedUnits++;
    if (this.#droppedUnits > 1) return;
    this.#log.warn({ what, reason }, 'dropped broken media; more of it will only be counted');
  }

  #videoTag(tag: VideoTag, timestampMs: number): void {
    if (tag.kind === 'unsupported') {
      // Once a track runs, an odd tag is a broken one rather than another codec.
      if (this.#video !== undefined) this.drop('video', tag.description);
      else
        throw new UnservableMediaError(
          `${tag.description} cannot be served: set the encoder to H.264 or HEVC`,
        );
      return;
    }
    if (tag.kind === 'metadata' || tag.kind === 'command') return;
    this.#nameOthers('video', tag.otherTrackIds);
    if (this.#video !== undefined && tag.trackId !== this.#video.trackId) {
      this.#nameOthers('video', [tag.trackId]);
    } else if (tag.kind === 'config') {
      const config = readVideoConfig(tag.codec, tag.config, this.#metadata);
      if (this.#video !== undefined && equalBytes(config.track.config, this.#video.track.config)) return;
      this.#video = { ...config, trackId: tag.trackId };
      this.#sink.writeTrack(config.track);
    } else if (tag.kind === 'frames') {
      this.#picture(tag, timestampMs);
    }
  }

  #picture(tag: VideoFramesTag, timestampMs: number): void {
    const config = this.#video;
    if (config === undefined && tag.codec !== 'avc1' && tag.codec !== 'hvc1') {
      throw new UnservableMediaError(
        `${codecName(tag.codec)} video cannot be served: set the encoder to H.264 or HEVC`,
      );
    }
    if (config === undefined || tag.codec !== (config.codec === 'h264' ? 'avc1' : 'hvc1')) {
      this.drop('video', `${codecName(tag.codec)} picture before its configuration record`);
      return;
    }
    const { payload, keyframe } = normalisePicture(tag.payload, config.nalLengthBytes, config.codec);
    const dts = this.#unwrapper.unwrap(timestampMs);
    this.#videoUnits++;
    const { compositionTimeMs } = tag;
    if (compositionTimeMs < MIN_COMPOSITION_MS || compositionTimeMs > MAX_COMPOSITION_MS) {
      throw new CorruptMediaError(
        `composition time of ${compositionTimeMs} ms, possible are ${MIN_COMPOSITION_MS} to ${MAX_COMPOSITION_MS}`,
      );
    }
    this.#sink.writeUnit({ kind: 'video', dts, pts: ticks(dts + compositionTimeMs), keyframe, payload });
  }

  #audioTag(tag: AudioTag, timestampMs: number): void {
    if (tag.kind === 'unsupported') {
      if (this.#audio !== undefined) this.drop('audio', tag.description);
      else throw new UnservableMediaError(`${tag.description} cannot be served: set the encoder to AAC`);
      return;
    }
    if (tag.kind === 'multichannel') return;
    this.#nameOthers('audio', tag.otherTrackIds);
    if (this.#audio !== undefined && tag.trackId !== this.#audio.trackId) {
      this.#nameOthers('audio', [tag.trackId]);
      return;
    }
    if (tag.codec !== 'mp4a') {
      if (this.#audio !== undefined && tag.kind !== 'config') {
        this.drop('audio', `${codecName(tag.codec)} frame in an AAC track`);
        return;
      }
      throw new UnservableMediaError(
        `${codecName(tag.codec)} audio cannot be served: set the encoder to AAC`,
      );
    }
    if (tag.kind === 'config') {
      const track = aacTrack(tag.config, this.#metadata?.audioBitrateBps);
      if (this.#audio !== undefined && equalBytes(track.config, this.#audio.track.config)) return;
      this.#audio = { track, trackId: tag.trackId };
      this.#sink.writeTrack(track);
    } else if (tag.kind === 'frames') {
      this.#frame(tag.payload, timestampMs);
    }
  }

  #frame(payload: Uint8Array, timestampMs: number): void {
    if (this.#audio === undefined || payload.length === 0) {
      this.drop(
        'audio',
        payload.length === 0 ? 'empty AAC frame' : 'AAC frame before its AudioSpecificConfig',
      );
      return;
    }
    const pts = this.#unwrapper.unwrap(timestampMs);
    this.#audioUnits++;
    this.#sink.writeUnit({ kind: 'audio', dts: pts, pts, keyframe: true, payload });
  }

  #nameOthers(kind: TrackKind, trackIds: readonly number[]): void {
    for (const trackId of trackIds) {
      const name = `${kind} ${trackId}`;
      if (this.#otherTracks.has(name)) continue;
      this.#otherTracks.add(name);
      this.#log.warn({ track: kind, trackId }, 'publisher sends a further track, which is not used');
    }
  }

  #dropOrThrow(kind: TrackKind, error: unknown): void {
    const isBroken =
      error instanceof FlvFormatError ||
      error instanceof CodecFormatError ||
      error instanceof CorruptMediaError;
    if (!isBroken) throw error;
    this.drop(kind, error.message);
  }
}
