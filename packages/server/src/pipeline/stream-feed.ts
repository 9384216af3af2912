import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { FeedTrackId, RtcFeed, RtcGateway } from '../rtc-worker/rtc-gateway.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { StreamReader } from '../stream/reader.ts';
import type { AudioTrack, Track, VideoTrack } from '../stream/track.ts';
import { AudioEncoder, type AudioEncoderServices, sameSound } from '../transcode/audio/audio-encoder.ts';
import { BitrateEstimate } from './bitrate-estimate.ts';
import type { RungBoard } from './rung-board.ts';

/** What a feed takes of a live session. */
export interface FeedSession {
  readonly streamId: string;
  readonly stream: LiveStream;
  readonly rungs: RungBoard;
  requestKeyframe(): void;
}

/** How a feed is opened. */
export interface StreamFeedOptions {
  readonly session: FeedSession;
  readonly gateway: Pick<RtcGateway, 'openFeed'>;
  /** What makes Opus of AAC; undefined gives such streams no sound. */
  readonly audio: AudioEncoderServices | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the feed is kept without viewers, in milliseconds; and how long the first one may take to connect. */
  readonly lingerMs: number;
  readonly connectMs: number;
  readonly onClosed: () => void;
}

/** Ids of the feed's tracks that are the publisher's own. */
const SOURCE: FeedTrackId = 'source';
const AUDIO: FeedTrackId = 'audio';
/** A publisher is asked for keyframes no more often than this, in milliseconds. */
const KEYFRAME_EVERY_MS = 500;

/** What WebRTC viewers get of one live stream: its renditions that have no B-frames, and its sound as Opus. */
export class StreamFeed {
  readonly session: FeedSession;
  readonly feed: RtcFeed;
  readonly #options: StreamFeedOptions;
  readonly #reader: StreamReader;
  readonly #unwatch: () => void;
  readonly #videos = new Set<FeedTrackId>();
  readonly #bitrate = new BitrateEstimate();
  /** The source's video, while it can be passed on. */
  #source: VideoTrack | undefined;
  #announced = false;
  #sound: AudioTrack | undefined;
  #audioPasses = false;
  #audioEncoder: AudioEncoder | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #keyframeAskedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: StreamFeedOptions) {
    const { session, gateway } = options;
    this.session = session;
    this.#options = options;
    this.feed = gateway.openFeed({
      streamId: session.streamId,
      listener: {
        onKeyframeWanted: () => this.#askKeyframe(),
        onViewers: (count) => this.#countViewers(count, options.lingerMs),
      },
    });
    this.#reader = session.stream.read({
      replayGop: true,
      onReadable: (reader) => this.#contain(() => this.#drain(reader)),
    });
    this.#unwatch = session.rungs.watch({
      onTrack: (id, track) => this.#contain(() => this.#setVideo(id, track, track.bitrateBps ?? 0)),
      onUnit: (id, unit) => this.#contain(() => this.feed.write(id, unit)),
      onRemoved: (id) => this.#contain(() => this.#removeVideo(id)),
    });
    this.touch();
  }

  /** Somebody is about to watch: without viewers the feed waits for one as long as connecting may take. */
  touch(): void {
    if (this.feed.viewers === 0) this.#countViewers(0, this.#options.connectMs);
  }

  /** Lets every viewer go; idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    this.#unwatch();
    this.#reader.close();
    this.#audioEncoder?.close();
    this.feed.close();
    this.#options.onClosed();
  }

  /** What it carries, for metrics and tests. */
  dump(): object {
    return {
      streamId: this.session.streamId,
      viewers: this.feed.viewers,
      videos: [...this.#videos],
      dropped: this.#reader.dropped,
      audio: this.#audioPasses ? 'passed on' : (this.#audioEncoder?.dump() ?? 'none'),
    };
  }

  /** An error that nobody foresaw ends this feed, never the stream: playlists go on. */
  #contain(step: () => void): void {
    if (this.#closed) return;
    try {
      step();
    } catch (error) {
      this.#options.log.error({ error }, 'feed for WebRTC viewers ended by an unexpected error');
      // After the constructor, which may be where it happened.
      queueMicrotask(() => this.close());
    }
  }

  #drain(reader: StreamReader): void {
    for (let event = reader.take(); event !== undefined && !this.#closed; event = reader.take()) {
      if (event.type === 'track') this.#takeTrack(event.track);
      else if (event.unit.kind === 'video') this.#takePicture(event.unit);
      else if (this.#audioPasses) this.feed.write(AUDIO, event.unit);
      else this.#audioEncoder?.write(event.unit);
    }
  }

  #takeTrack(track: Track): void {
    if (track.kind === 'audio') {
      this.#takeSound(track);
      return;
    }
    this.#source = track.codec === 'h264' ? track : undefined;
    this.#announced = false;
    this.#bitrate.reset();
    if (this.#source === undefined) this.#removeVideo(SOURCE);
  }

  #takePicture(unit: AccessUnit): void {
    if (this.#source === undefined) return;
    if (unit.pts !== unit.dts) {
      // B-frames: WebRTC shows pictures as they come, and these would jump. Only rungs are left.
      this.#source = undefined;
      this.#removeVideo(SOURCE);
      return;
    }
    if (!this.#announced) {
      if (!unit.keyframe) return;
      this.#announced = true;
      this.#setVideo(SOURCE, this.#source, this.#bitrate.bps ?? assumedBps(this.#source));
    }
    if (this.#bitrate.observe(unit)) this.#setVideo(SOURCE, this.#source, this.#bitrate.bps ?? 0);
    this.feed.write(SOURCE, unit);
  }

  #takeSound(track: AudioTrack): void {
    if (this.#sound !== undefined && sameSound(track, this.#sound)) return;
    this.#sound = track;
    this.#audioEncoder?.close();
    this.#audioEncoder = undefined;
    this.#audioPasses = track.codec === 'opus';
    if (this.#audioPasses) {
      this.feed.setAudio(track);
      return;
    }
    const { audio, log } = this.#options;
    if (audio === undefined) return;
    const encoder: AudioEncoder = new AudioEncoder({
      ...audio,
      track,
      target: 'opus',
      log,
      onUnit: (unit) => {
        if (encoder === this.#audioEncoder) this.#contain(() => this.feed.write(AUDIO, unit));
      },
    });
    this.#audioEncoder = encoder;
    this.feed.setAudio(encoder.track);
  }

  #setVideo(id: FeedTrackId, track: VideoTrack, bitrateBps: number): void {
    this.#videos.add(id);
    this.feed.setVideo(id, track, bitrateBps);
  }

  #removeVideo(id: FeedTrackId): void {
    if (this.#videos.delete(id)) this.feed.removeVideo(id);
  }

  /** Rungs have keyframes where the source has, so the publisher is asked whatever the viewer watches. */
  #askKeyframe(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#keyframeAskedMs < KEYFRAME_EVERY_MS) return;
    this.#keyframeAskedMs = nowMs;
    this.session.requestKeyframe();
  }

  #countViewers(count: number, idleMs: number): void {
    clearTimeout(this.#idleTimer);
    if (count > 0 || this.#closed) return;
    this.#idleTimer = setTimeout(() => {
      if (this.feed.viewers === 0) this.close();
    }, idleMs);
    this.#idleTimer.unref();
  }
}

/** Bits per second assumed of a publisher that announced none: 0.1 bit a pixel at 30 fps. */
function assumedBps(track: VideoTrack): number {
  return track.bitrateBps ?? Math.round(track.width * track.height * 0.1 * (track.frameRate ?? 30));
}
