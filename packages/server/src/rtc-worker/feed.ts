import type { AccessUnit } from '../stream/access-unit.ts';
import { GopCache } from '../stream/gop-cache.ts';
import type { AudioTrack, VideoTrack } from '../stream/track.ts';
import type { FeedNumber } from './protocol/messages.ts';
import { toWireTrack } from './protocol/wire-track.ts';
import type { FeedListener, FeedTrackId, RtcFeed } from './rtc-gateway.ts';
import type { WorkerLink } from './worker-link.ts';

/** The sound's id: `setAudio` has none of its own. */
const AUDIO_ID: FeedTrackId = 'audio';
/** Tracks have one byte in a unit frame. */
const MAX_TRACKS = 256;

/** One track as the worker knows it. */
interface FeedTrack {
  readonly number: number;
  description: VideoTrack | AudioTrack;
  bitrateBps: number;
  /** Units are dropped until a keyframe: the worker lost one, or has never seen one. */
  broken: boolean;
  /** Told again to a worker that was started anew; empty for sound. */
  readonly gop: GopCache;
}

/** The server's side of a feed: keeps what a new worker must be told, and numbers the tracks. */
export class WorkerFeed implements RtcFeed {
  readonly number: FeedNumber;
  readonly streamId: string;
  readonly #listener: FeedListener;
  readonly #link: WorkerLink;
  readonly #onClose: () => void;
  readonly #tracks = new Map<FeedTrackId, FeedTrack>();
  #viewers = 0;
  #closed = false;

  constructor(options: {
    readonly number: FeedNumber;
    readonly streamId: string;
    readonly listener: FeedListener;
    readonly link: WorkerLink;
    readonly onClose: () => void;
  }) {
    this.number = options.number;
    this.streamId = options.streamId;
    this.#listener = options.listener;
    this.#link = options.link;
    this.#onClose = options.onClose;
    this.announce();
  }

  get viewers(): number {
    return this.#viewers;
  }

  /** Announces a rendition. Throws RangeError for a codec other than H.264 and for too many tracks. */
  setVideo(id: FeedTrackId, track: VideoTrack, bitrateBps: number): void {
    if (track.codec !== 'h264') throw new RangeError(`a feed takes H.264, not ${track.codec}`);
    if (id === AUDIO_ID) throw new RangeError(`'${id}' is the sound's name, not a rendition's`);
    this.#set(id, track, bitrateBps);
  }

  removeVideo(id: FeedTrackId): void {
    const track = this.#tracks.get(id);
    if (track === undefined || track.description.kind !== 'video') return;
    this.#tracks.delete(id);
    this.#link.send({ type: 'feed-track-removed', feed: this.number, track: track.number });
  }

  /** Announces the sound. Throws RangeError for a codec other than Opus. */
  setAudio(track: AudioTrack): void {
    if (track.codec !== 'opus') throw new RangeError(`a feed takes Opus, not ${track.codec}`);
    this.#set(AUDIO_ID, track, 0);
  }

  /** Gives a unit to the worker, or drops it; a unit of a track that was not announced is dropped. */
  write(id: FeedTrackId, unit: AccessUnit): void {
    const track = this.#tracks.get(id);
    if (track === undefined || this.#closed) return;
    if (unit.kind === 'video') track.gop.push(unit);
    if (!this.#link.up || (track.broken && !unit.keyframe)) return;
    track.broken = !this.#send(track, unit);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#link.send({ type: 'close-feed', feed: this.number });
    this.#tracks.clear();
    this.#onClose();
  }

  /** Tells a worker that knows nothing of it everything, the pictures since the last keyframe included. */
  announce(): void {
    if (!this.#link.up || this.#closed) return;
    this.#link.send({ type: 'open-feed', feed: this.number });
    for (const track of this.#tracks.values()) {
      this.#describe(track);
      track.broken = true;
      for (const unit of track.gop.units()) {
        track.broken = !this.#send(track, unit);
        if (track.broken) break;
      }
    }
  }

  /** The worker counted the viewers anew. */
  setViewers(count: number): void {
    if (this.#closed || count === this.#viewers) return;
    this.#viewers = count;
    this.#listener.onViewers(count);
  }

  /** The worker has viewers for a rendition and nothing to show them. */
  keyframeWanted(number: number): void {
    if (this.#closed) return;
    for (const [id, track] of this.#tracks) {
      if (track.number === number) this.#listener.onKeyframeWanted(id);
    }
  }

  #set(id: FeedTrackId, description: VideoTrack | AudioTrack, bitrateBps: number): void {
    if (this.#closed) return;
    let track = this.#tracks.get(id);
    if (track === undefined) {
      track = {
        number: this.#freeNumber(),
        description,
        bitrateBps,
        broken: description.kind === 'video',
        gop: new GopCache(),
      };
      this.#tracks.set(id, track);
    } else {
      // What follows new parameter sets begins with an IDR that uses them; the old pictures cannot be told with them.
      if (description.kind === 'video' && !sameConfig(description, track.description)) {
        track.gop.clear();
        track.broken = true;
      }
      track.description = description;
      track.bitrateBps = bitrateBps;
    }
    this.#describe(track);
  }

  #describe({ number, description, bitrateBps }: FeedTrack): void {
    const feed = this.number;
    this.#link.send(
      description.kind === 'video'
        ? { type: 'feed-video', feed, track: number, description: toWireTrack(description), bitrateBps }
        : { type: 'feed-audio', feed, track: number },
    );
  }

  #send({ number }: FeedTrack, unit: AccessUnit): boolean {
    return this.#link.sendUnit({
      channel: this.number,
      track: number,
      kind: unit.kind,
      keyframe: unit.keyframe,
      ptsMs: unit.pts,
      dtsMs: unit.dts,
      payload: unit.payload,
    });
  }

  #freeNumber(): number {
    const taken = new Set([...this.#tracks.values()].map(({ number }) => number));
    for (let number = 0; number < MAX_TRACKS; number++) if (!taken.has(number)) return number;
    throw new RangeError(`a feed has at most ${MAX_TRACKS} tracks`);
  }
}

function sameConfig(one: VideoTrack | AudioTrack, other: VideoTrack | AudioTrack): boolean {
  return Buffer.compare(one.config, other.config) === 0;
}
