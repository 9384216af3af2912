import type { AccessUnit } from '../stream/access-unit.ts';
import { GopCache } from '../stream/gop-cache.ts';
import type { VideoTrack } from '../stream/track.ts';

/** Where an encoder's pictures go besides the packager. */
export interface RungSink {
  /** The rungs that there will be from now on. */
  plan(rungIds: readonly string[]): void;
  /** A rung's parameters, before its first picture and whenever they change. */
  track(rungId: string, track: VideoTrack): void;
  unit(rungId: string, unit: AccessUnit): void;
}

/** Who watches a `RungBoard`. */
export interface RungWatcher {
  onTrack(rungId: string, track: VideoTrack): void;
  onUnit(rungId: string, unit: AccessUnit): void;
  onRemoved(rungId: string): void;
  /** It is known which rungs there will be: `planned`. */
  onPlanned(): void;
}

interface RungMedia {
  track: VideoTrack;
  readonly gop: GopCache;
}

/** The encoded renditions of a stream as they are now, over all its encoders: for viewers who get pictures, not playlists. */
export class RungBoard {
  readonly #rungs = new Map<string, RungMedia>();
  readonly #watchers = new Set<RungWatcher>();
  /** The encoder whose pictures count: the newest that has delivered any. */
  #speaker = 0;
  #sinks = 0;
  #planned: readonly string[] | undefined;

  /** Ids of the rungs that there are or will be; undefined while that is not known. */
  get planned(): readonly string[] | undefined {
    return this.#planned;
  }

  /** The sink of a new encoder. Until it delivers, the one before it still counts. */
  open(): RungSink {
    this.#sinks += 1;
    const number = this.#sinks;
    this.#planned = undefined;
    return {
      plan: (rungIds) => {
        if (number !== this.#sinks) return;
        this.#planned = rungIds;
        for (const id of this.#rungs.keys()) if (!rungIds.includes(id)) this.#remove(id);
        for (const watcher of this.#watchers) watcher.onPlanned();
      },
      track: (rungId, track) => {
        if (number < this.#speaker || (number !== this.#sinks && !this.#rungs.has(rungId))) return;
        this.#speaker = number;
        this.#setTrack(rungId, track);
      },
      unit: (rungId, unit) => {
        const rung = this.#rungs.get(rungId);
        if (number !== this.#speaker || rung === undefined) return;
        rung.gop.push(unit);
        for (const watcher of this.#watchers) watcher.onUnit(rungId, unit);
      },
    };
  }

  /** Tells of every rung there is, with its pictures since the last keyframe, and of all that follows; returns the way to stop that. */
  watch(watcher: RungWatcher): () => void {
    for (const [id, { track, gop }] of this.#rungs) {
      watcher.onTrack(id, track);
      for (const unit of gop.units()) watcher.onUnit(id, unit);
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #setTrack(rungId: string, track: VideoTrack): void {
    const rung = this.#rungs.get(rungId);
    if (rung === undefined) this.#rungs.set(rungId, { track, gop: new GopCache() });
    else {
      rung.track = track;
      rung.gop.clear();
    }
    for (const watcher of this.#watchers) watcher.onTrack(rungId, track);
  }

  #remove(rungId: string): void {
    this.#rungs.delete(rungId);
    for (const watcher of this.#watchers) watcher.onRemoved(rungId);
  }
}
