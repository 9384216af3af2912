import type {
  AlternativeRendition,
  MultivariantPlaylist,
  Variant,
} from '@tallylight/hls/multivariant-playlist.ts';
import type { Clock } from '../platform/clock.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack, VideoTrack } from '../stream/track.ts';
import type { WallClockMapping } from '../stream/wall-clock.ts';
import { AudioPackager } from './audio-packager.ts';
import type { PackagerOptions } from './packager-options.ts';
import type { Presentation, RenditionFeed } from './presentation.ts';
import { SegmentClock } from './segment-clock.ts';
import type { Spool } from './spool.ts';
import { canPackage, VideoPackager } from './video-packager.ts';
import { GAP_SEGMENTS, RenditionWindow } from './window.ts';

/** Room above the announced or targeted bitrate: EXT-X-STREAM-INF BANDWIDTH is a peak (rfc8216bis §4.4.6.2.1). */
const PEAK_FACTOR = 1.25;
/** GROUP-ID of the audio rendition. */
const AUDIO_GROUP = 'audio';
/** Bits per second assumed of AAC audio until it was measured. */
const AUDIO_BPS = 160_000;

/** How a presentation is opened. */
export interface PresentationOptions {
  readonly streamId: string;
  readonly packager: PackagerOptions;
  readonly clock: Clock;
  readonly wallClock: WallClockMapping;
  /** How far audio may fall behind video, in milliseconds, before silence fills it. */
  readonly trackSilenceMs: number;
  readonly audioTrack: AudioTrack;
  /** False for a stream of sound only. */
  readonly hasVideo: boolean;
  /** The stream's media sequence numbers so far; this presentation's are above. 0 for a new stream. */
  readonly afterMsn: number;
  /** Where segments go that left the playlists; without it they stay in memory. */
  readonly spool?: Spool | undefined;
}

/** Id of the feed that is the publisher's own pictures. */
export const SOURCE_FEED = 'source';

interface VideoRendition {
  readonly packager: VideoPackager;
  readonly bitrateBps: number;
  feed: string | undefined;
  /** What it shows from a stream time on. */
  next: { readonly feed: string; readonly fromMs: number } | undefined;
}

/** Everything packaged of one live stream: renditions that are cut alike, and the multivariant playlist over them. */
export class LivePresentation implements Presentation {
  readonly streamId: string;
  readonly segmentClock: SegmentClock;
  readonly audio: AudioPackager;
  readonly hasVideo: boolean;
  readonly #options: PresentationOptions;
  readonly #run: string;
  readonly #videos = new Map<string, VideoRendition>();
  readonly #windows = new Map<string, RenditionWindow>();
  readonly #tracks = new Map<string, VideoTrack>();
  #reorderMs = 0;
  #sourcePackaged = true;
  #ended = false;
  /** Id of the rendition that is the publisher's own video. */
  readonly sourceId = 'source';
  /** Set once it is known which renditions there will be: before that nothing is listed. */
  planned = false;

  constructor(options: PresentationOptions) {
    this.streamId = options.streamId;
    this.hasVideo = options.hasVideo;
    this.#options = options;
    const now = options.clock.now();
    this.#run = Math.floor(now).toString(36);
    this.segmentClock = new SegmentClock(options.packager, options.wallClock, {
      // The time of day in seconds: rises faster than segments are made, so it never falls, not even over `kill -9`.
      msn: Math.max(Math.floor(now / 1000), options.afterMsn + 1 + GAP_SEGMENTS),
      // Small: hls.js 1.7.4 indexes an array by it and hangs on a large one. Falls over a restart once in 16 hours at most.
      discontinuitySequence: Math.floor(now / 60_000) % 1000,
    });
    this.audio = new AudioPackager({
      window: this.#window('audio'),
      clock: this.segmentClock,
      packager: options.packager,
      track: options.audioTrack,
      silenceMs: options.trackSilenceMs,
    });
  }

  /** The first media sequence number that a successor of this presentation may use is above this one. */
  get lastMsn(): number {
    return this.segmentClock.current?.msn ?? 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** See `RenditionWindow.hidePast`. */
  hidePast(): void {
    for (const window of this.#windows.values()) window.hidePast();
  }

  /** Adds a video rendition without a feed. It is listed once it has a part. */
  addVideo(id: string, bitrateBps: number): VideoPackager {
    const packager = new VideoPackager(this.#window(id), this.segmentClock, this.#options.packager);
    this.#videos.set(id, { packager, bitrateBps, feed: undefined, next: undefined });
    return packager;
  }

  /** The packager of a video rendition. */
  video(id: string): VideoPackager | undefined {
    return this.#videos.get(id)?.packager;
  }

  /** Ids of the video renditions, the source's first. */
  videoIds(): readonly string[] {
    return [...this.#videos.keys()];
  }

  /**
   * The source's parameters; the renditions that show it pass them on from the next segment. A source that cannot be packaged is shown
   * by none: its rendition goes on with what an encoder makes of it, see `switchFeeds`. With `shown` false that holds for any source, but
   * renditions may be switched to it.
   */
  setSource(track: VideoTrack, shown = true): void {
    this.#sourcePackaged = canPackage(track.codec);
    if (!this.#sourcePackaged) return;
    if (shown) {
      this.addSource(track);
      const source = this.#videos.get(this.sourceId);
      if (source !== undefined) Object.assign(source, { feed: SOURCE_FEED, next: undefined });
    } else {
      for (const video of this.#videos.values()) if (video.feed === SOURCE_FEED) video.feed = undefined;
    }
    this.setFeedTrack(SOURCE_FEED, track);
  }

  /** Adds the source's own rendition, without a feed, where there is no rendition yet. */
  addSource(track: VideoTrack): void {
    if (this.#videos.size === 0) this.addVideo(this.sourceId, track.bitrateBps ?? guessBitrateBps(track));
  }

  /** Parameters of a feed's pictures. Where it is being shown they change with the next segment, which is a discontinuity. */
  setFeedTrack(feed: string, track: VideoTrack): void {
    const shown = [...this.#videos.values()].filter((video) => video.feed === feed);
    if (this.#tracks.has(feed) && shown.length > 0) this.segmentClock.requestDiscontinuity();
    this.#tracks.set(feed, track);
    for (const video of shown) video.packager.setTrack(track);
  }

  /** From a stream time on, renditions show other feeds; the segment that begins there is a discontinuity in all. */
  switchFeeds(routes: ReadonlyMap<string, string>, fromMs: number): void {
    let changes = false;
    for (const [id, feed] of routes) {
      const video = this.#videos.get(id);
      if (video === undefined || (video.feed === feed && video.next === undefined)) continue;
      if (video.feed !== undefined) changes = true;
      video.next = { feed, fromMs };
    }
    const cut = this.segmentClock.at(fromMs);
    const marked = cut?.startMs === fromMs && cut.discontinuity;
    if (changes && !marked) this.segmentClock.requestDiscontinuity();
  }

  /** Packages an encoded picture in every rendition that shows its feed. */
  pushEncoded(feed: string, unit: AccessUnit): void {
    if (unit.keyframe) this.segmentClock.offerEncoded(unit.pts);
    this.#show(feed, unit);
    if (this.segmentClock.followsEncoder) this.audio.advance(unit.pts);
  }

  /** Looks at a picture of the source before any rendition packages it: decides the cuts. */
  observeVideo(unit: AccessUnit): void {
    if (unit.keyframe) this.#reorderMs = unit.pts - unit.dts;
    this.segmentClock.offer({ ptsMs: unit.pts, keyframe: unit.keyframe });
  }

  /** Packages a picture of the source where it is shown as it is, and lets the audio follow. */
  pushSource(unit: AccessUnit): void {
    if (this.#sourcePackaged) this.#show(SOURCE_FEED, unit);
    if (!this.segmentClock.followsEncoder) this.audio.advance(unit.dts + this.#reorderMs);
  }

  /** Takes an audio frame of the source. */
  pushAudio(unit: AccessUnit): void {
    if (!this.hasVideo) this.segmentClock.offer({ ptsMs: unit.pts, keyframe: true });
    this.audio.push(unit);
    if (!this.hasVideo) this.audio.advance(unit.pts);
  }

  /** The publisher is gone: publishes what is held. The next keyframe begins a discontinuity. */
  interrupt(): void {
    for (const { packager } of this.#videos.values()) packager.flush();
    this.audio.flush();
    this.segmentClock.interrupt();
  }

  /** Lists EXT-X-ENDLIST everywhere (rfc8216bis §6.2.1); idempotent. */
  end(): void {
    if (this.#ended) return;
    for (const { packager } of this.#videos.values()) packager.flush();
    this.audio.flush();
    this.#ended = true;
    for (const window of this.#windows.values()) window.end();
  }

  renditions(): ReadonlyMap<string, RenditionFeed> {
    return this.#windows;
  }

  multivariant(): MultivariantPlaylist | undefined {
    if (!this.audio.window.hasMedia) return undefined;
    if (this.hasVideo && !this.planned) return undefined;
    const videos = [...this.#videos].filter(([, video]) => video.packager.window.hasMedia);
    if (this.hasVideo && videos.length < this.#videos.size && !this.#waitedLongEnough()) return undefined;
    if (this.hasVideo && videos.length === 0) return undefined;
    const audioPeak = this.audio.window.bitrate()?.peakBps ?? AUDIO_BPS;
    return {
      independentSegments: true,
      renditions: this.hasVideo ? [this.#audioRendition()] : [],
      variants: this.hasVideo
        ? videos.map(([id, video]) => this.#variant(id, video, audioPeak))
        : [
            {
              uri: 'audio/index.m3u8',
              bandwidthBps: Math.ceil(audioPeak * PEAK_FACTOR),
              averageBandwidthBps: Math.ceil(this.audio.window.bitrate()?.averageBps ?? AUDIO_BPS),
              codecs: [this.audio.track.codecString],
            },
          ],
    };
  }

  /** What this presentation holds, for metrics and tests. */
  dump(): object {
    return {
      run: this.#run,
      ended: this.#ended,
      renditions: [...this.#windows.values()].map((window) => window.dump()),
    };
  }

  /** A rung whose encoder does not start must not keep the others from the viewers: 2.5 s after the first segment began. */
  #waitedLongEnough(): boolean {
    const current = this.segmentClock.current;
    if (current === undefined) return false;
    return this.#options.clock.now() - (current.epochMs + current.startMs) > 2500 || this.#anyComplete();
  }

  #anyComplete(): boolean {
    return [...this.#videos.values()].some((video) => video.packager.window.bitrate() !== undefined);
  }

  #show(feed: string, unit: AccessUnit): void {
    for (const video of this.#videos.values()) {
      const { next } = video;
      if (next !== undefined && unit.pts >= next.fromMs) {
        if (next.feed !== feed) continue;
        const track = this.#tracks.get(feed);
        if (track === undefined) continue;
        video.feed = feed;
        video.next = undefined;
        video.packager.setTrack(track);
      }
      if (video.feed === feed) video.packager.push(unit);
    }
  }

  #window(id: string): RenditionWindow {
    const { packager, clock, streamId, spool } = this.#options;
    const window = new RenditionWindow({ id, run: this.#run, packager, clock, streamId, spool });
    this.#windows.set(id, window);
    return window;
  }

  #audioRendition(): AlternativeRendition {
    return {
      type: 'AUDIO',
      groupId: AUDIO_GROUP,
      name: 'Audio',
      language: 'und',
      isDefault: true,
      autoselect: true,
      channels: String(this.audio.track.channels),
      uri: 'audio/index.m3u8',
    };
  }

  #variant(id: string, video: VideoRendition, audioPeak: number): Variant {
    const track: VideoTrack | undefined = video.packager.track;
    const measured = video.packager.window.bitrate();
    const peak =
      Math.max(video.bitrateBps * PEAK_FACTOR, measured?.peakBps ?? 0) + Math.max(audioPeak, AUDIO_BPS);
    const frameRate = track?.frameRate ?? video.packager.frameRate;
    return {
      uri: `${id}/index.m3u8`,
      bandwidthBps: Math.ceil(peak),
      averageBandwidthBps: Math.ceil((measured?.averageBps ?? video.bitrateBps) + audioPeak),
      codecs: [track?.codecString ?? '', this.audio.track.codecString],
      ...(track === undefined ? {} : { resolution: { width: track.width, height: track.height } }),
      ...(frameRate === undefined ? {} : { frameRate: Math.round(frameRate * 1000) / 1000 }),
      audioGroup: AUDIO_GROUP,
      stableId: id,
    };
  }
}

/** Bits per second assumed of a publisher that announced none: 0.1 bit a pixel at 30 fps. */
function guessBitrateBps(track: VideoTrack): number {
  return Math.round(track.width * track.height * 0.1 * (track.frameRate ?? 30));
}
