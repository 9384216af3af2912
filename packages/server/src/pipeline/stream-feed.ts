import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { FeedTrackId, RtcFeed, RtcGateway } from '../rtc-worker/rtc-gateway.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { StreamReader } from '../stream/reader.ts';
import type { AudioTrack, Track, VideoTrack } from '../stream/track.ts';
import { AudioEncoder, type AudioEncoderServices, sameSound } from '../transcode/audio/audio-encoder.ts';
import { BitrateEstimate } from './bitrate-estimate.ts';
import { ReorderWatch } from './reorder-watch.ts';
import type { RungBoard } from './rung-board.ts';

/** What a feed takes of a live session. */
export interface FeedSession {
  readonly streamId: string;
  readonly stream: LiveStream;
  readonly rungs: RungBoard;
  /** True when renditions are encoded, or will be as far as is known. */
  readonly encodes: boolean;
  /** False for a source that is more than viewers may get: they get what is encoded of it. */
  shows(source: VideoTrack): boolean;
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
  /** How long the feed is kept when its last viewer has left, in milliseconds. */
  readonly lingerMs: number;
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
  readonly #order = new ReorderWatch();
  /** The source's video, while it can be passed on. */
  #source: VideoTrack | undefined;
  #announced = false;
  /** A keyframe of the source has come that is shown later than it is decoded. */
  #offsetSeen = false;
  #sound: AudioTrack | undefined;
  #audioPasses = false;
  #audioEncoder: AudioEncoder | undefined;
  /** Viewers whose offers are being answered. */
  #awaited = 0;
  /** While it runs the feed is kept without viewers. */
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
        onViewers: (count) => this.#countViewers(count),
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
      onPlanned: () => this.#closeIfBlack(),
    });
  }

  /**
   * Somebody's offer is about to be answered, and the feed is kept meanwhile. Returns what to call, once, when it was answered or
   * refused: a feed that was opened for a refused offer closes at once.
   */
  await(): (answered: boolean) => void {
    this.#awaited++;
    return (answered) => {
      this.#awaited--;
      if (answered && this.feed.viewers === 0) this.#keepFor(this.#options.lingerMs);
      else this.#closeIfIdle();
    };
  }

  /** Lets every viewer go; idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimer();
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
    this.#offsetSeen = false;
    this.#bitrate.reset();
    this.#order.reset();
    if (this.#source !== undefined) return;
    this.#removeVideo(SOURCE);
    // After the presenter, which hears of the same track: it may encode this one.
    queueMicrotask(() => this.#closeIfBlack());
  }

  #takePicture(unit: AccessUnit): void {
    if (this.#source === undefined) return;
    if (this.#order.observe(unit)) {
      // B-frames: WebRTC shows pictures as they come, and these would jump. Only rungs are left.
      this.#source = undefined;
      this.#removeVideo(SOURCE);
      this.#closeIfBlack();
      return;
    }
    if (unit.keyframe && !this.session.shows(this.#source)) {
      this.#announced = false;
      this.#removeVideo(SOURCE);
      return;
    }
    if (!this.#announced) {
      if (!unit.keyframe) return;
      // Only B-frames need an offset, though some encoders have one without: the GOP will tell.
      if (unit.pts !== unit.dts && !this.#offsetSeen) {
        this.#offsetSeen = true;
        return;
      }
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

  /** A stream with pictures of which none is left for WebRTC: its viewers' players find another way, which a black one does not. */
  #closeIfBlack(): void {
    const { stream, encodes } = this.session;
    if (this.#closed || this.#source !== undefined || this.#videos.size > 0) return;
    if (encodes || stream.video === undefined) return;
    this.#options.log.info({}, 'no picture is left for WebRTC viewers: they are let go');
    // After the constructor, which may be where it happened.
    queueMicrotask(() => this.close());
  }

  #countViewers(count: number): void {
    if (count === 0) this.#keepFor(this.#options.lingerMs);
    else this.#stopTimer();
  }

  #keepFor(ms: number): void {
    this.#stopTimer();
    if (this.#closed) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#closeIfIdle();
    }, ms);
    this.#idleTimer.unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  #closeIfIdle(): void {
    if (this.feed.viewers === 0 && this.#awaited === 0 && this.#idleTimer === undefined) this.close();
  }
}

/** Bits per second assumed of a publisher that announced none: 0.1 bit a pixel at 30 fps. */
function assumedBps(track: VideoTrack): number {
  return track.bitrateBps ?? Math.round(track.width * track.height * 0.1 * (track.frameRate ?? 30));
}
