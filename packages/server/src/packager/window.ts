import type { MediaPlaylist, MediaSegment, SegmentHead } from '@tallylight/hls/media-playlist.ts';
import type { Clock } from '../platform/clock.ts';
import { initName, parseMediaName, partName, segmentName } from './media-name.ts';
import { type PackagerOptions, partTargetSec } from './packager-options.ts';
import type { Edge, RenditionFeed } from './presentation.ts';
import { RetainedSegments } from './retained-segments.ts';
import { type Part, type Segment, type SegmentOpening, segmentBytes } from './segment.ts';
import type { Spool } from './spool.ts';

/** Segments without media that stand before the first real one, so that a player may join at the first part. */
export const GAP_SEGMENTS = 3;
/** Fewest segments that a live playlist keeps listed (Apple's authoring specification 8.11). */
const MIN_SEGMENTS = 6;

/** How a rendition's window is opened. */
export interface WindowOptions {
  readonly id: string;
  readonly run: string;
  readonly packager: PackagerOptions;
  readonly clock: Clock;
  readonly streamId: string;
  /** Where segments go that left the playlist; without it they stay in memory. */
  readonly spool?: Spool | undefined;
}

/** One rendition's sliding window: what is listed, and what was listed and must stay downloadable. */
export class RenditionWindow implements RenditionFeed {
  readonly id: string;
  readonly #options: WindowOptions;
  readonly #listeners = new Set<() => void>();
  readonly #inits: Uint8Array[][] = [];
  readonly #retained: RetainedSegments;
  #segments: Segment[] = [];
  #open: Segment | undefined;
  #hint: { readonly msn: number; readonly part: number } | undefined;
  #version = 0;
  #ended = false;
  #rendered: { readonly version: number; readonly playlist: MediaPlaylist } | undefined;

  constructor(options: WindowOptions) {
    this.id = options.id;
    this.#options = options;
    this.#retained = new RetainedSegments(options.spool, (msn) =>
      [options.streamId, options.id, segmentName(options.run, msn)].join('.'),
    );
  }

  get version(): number {
    return this.#version;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** True once a part can be fetched. */
  get hasMedia(): boolean {
    return (this.#open?.parts.length ?? 0) > 0 || this.#segments.some((segment) => !segment.gap);
  }

  get edge(): Edge {
    const open = this.#open;
    // A segment shows with its first part; until then the one before is the last that is listed.
    if (open !== undefined && open.parts.length > 0) {
      return { msn: open.msn, part: open.parts.length - 1, complete: false };
    }
    const last = this.#segments.at(-1);
    if (last === undefined) return { msn: 0, part: -1, complete: false };
    return { msn: last.msn, part: Math.max(0, last.parts.length - 1), complete: true };
  }

  /** Largest and mean bits per second of the listed segments; undefined before the first. */
  bitrate(): { readonly peakBps: number; readonly averageBps: number } | undefined {
    let bytes = 0;
    let seconds = 0;
    let peakBps = 0;
    for (const segment of this.#segments) {
      if (segment.gap || segment.durationSec < 0.5) continue;
      const size = segmentBytes(segment);
      bytes += size;
      seconds += segment.durationSec;
      peakBps = Math.max(peakBps, (size * 8) / segment.durationSec);
    }
    return seconds === 0 ? undefined : { peakBps, averageBps: (bytes * 8) / seconds };
  }

  /** Adds an init section and returns its file name. */
  addInit(bytes: Uint8Array): string {
    this.#inits.push([bytes]);
    return initName(this.#options.run, this.#inits.length - 1);
  }

  /** Begins a segment; it shows with its first part. The segment before must be closed. */
  openSegment(head: SegmentOpening): void {
    this.#open = { ...head, parts: [], durationSec: 0, complete: false, gap: false };
  }

  /** Lists a segment that this rendition has no media for, so that its numbers stay those of the others. */
  addGapSegment(head: SegmentOpening, durationSec: number): void {
    this.#segments.push({ ...head, parts: [], durationSec, complete: true, gap: true });
    this.#evict();
  }

  /** Publishes a part of the open segment. `next` is the part that will follow, for EXT-X-PRELOAD-HINT. */
  addPart(part: Part, next: { readonly msn: number; readonly part: number }): void {
    const open = this.#open;
    if (open === undefined) throw new Error(`rendition ${this.id} has no open segment`);
    if (this.#segments.length === 0) this.#addLeadingGaps(open);
    open.parts.push(part);
    open.durationSec += part.durationSec;
    this.#hint = next;
    this.#advance();
  }

  /** Completes the open segment. `quiet`: the next segment's first part will tell of both (needed before a discontinuity). */
  closeSegment(options: { readonly quiet: boolean }): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (open.parts.length === 0) return;
    open.complete = true;
    this.#segments.push(open);
    this.#hint = { msn: open.msn + 1, part: 0 };
    this.#evict();
    if (!options.quiet) this.#advance();
  }

  /**
   * Takes the media of every complete segment away, listed and retained: they become gaps, as before a stream's first segment. For a
   * stream that was seen by its owners alone until now.
   */
  hidePast(): void {
    this.#segments = this.#segments.map((segment) => ({ ...segment, parts: [], gap: true }));
    this.#retained.clear();
    this.#advance();
  }

  /** Lists EXT-X-ENDLIST; idempotent. */
  end(): void {
    if (this.#ended) return;
    this.closeSegment({ quiet: true });
    this.#ended = true;
    this.#advance();
  }

  playlist(): MediaPlaylist {
    if (this.#rendered?.version === this.#version) return this.#rendered.playlist;
    const playlist = this.#render();
    this.#rendered = { version: this.#version, playlist };
    return playlist;
  }

  partCount(msn: number): number | undefined {
    const segment = this.#segments.find((candidate) => candidate.msn === msn);
    return segment === undefined || segment.gap ? undefined : segment.parts.length;
  }

  media(name: string): readonly Uint8Array[] | undefined {
    const parsed = parseMediaName(name);
    if (parsed === undefined || parsed.run !== this.#options.run) return undefined;
    if (parsed.type === 'init') return this.#inits[parsed.index];
    const segment = this.#find(parsed.msn);
    const part = parsed.type === 'part' ? parsed.part : undefined;
    if (segment === undefined) return this.#retained.media(parsed.msn, part);
    if (part === undefined) return mediaOf(segment.complete ? segment.parts : []);
    return mediaOf(segment.parts.slice(part, part + 1));
  }

  isHinted(name: string): boolean {
    const hint = this.#hint;
    return !this.#ended && hint !== undefined && name === partName(this.#options.run, hint.msn, hint.part);
  }

  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What this window holds, for metrics and tests. */
  dump(): {
    readonly id: string;
    readonly edge: Edge;
    readonly listed: number;
    readonly retained: number;
    readonly bytes: number;
  } {
    const bytes = this.#segments.reduce((sum, segment) => sum + segmentBytes(segment), this.#retained.bytes);
    return {
      id: this.id,
      edge: this.edge,
      listed: this.#segments.length,
      retained: this.#retained.size,
      bytes,
    };
  }

  #find(msn: number): Segment | undefined {
    if (this.#open?.msn === msn) return this.#open;
    const first = this.#segments[0];
    const listed = first === undefined ? undefined : this.#segments[msn - first.msn];
    if (listed?.msn === msn) return listed;
    return this.#segments.find((segment) => segment.msn === msn);
  }

  /**
   * hls.js loads parts only when the first one listed lies before the open segment, so the last gap is listed in parts;
   * without them it waits for the first complete segment (measured with 1.7.4: 2.2 s instead of 0.5 s).
   */
  #addLeadingGaps(head: SegmentOpening): void {
    const { targetDurationSec, partDurationMs } = this.#options.packager;
    const count = Math.ceil(targetDurationSec / partTargetSec(partDurationMs));
    const missing = {
      durationSec: targetDurationSec / count,
      independent: true,
      gap: true,
      bytes: new Uint8Array(0),
    };
    const discontinuitySequence = head.discontinuitySequence - (head.discontinuity ? 1 : 0);
    for (let before = GAP_SEGMENTS; before > 0; before -= 1) {
      this.#segments.push({
        msn: head.msn - before,
        discontinuity: false,
        discontinuitySequence,
        programDateTimeMs: head.programDateTimeMs - before * targetDurationSec * 1000,
        initName: head.initName,
        parts: before === 1 ? Array.from({ length: count }, () => missing) : [],
        durationSec: targetDurationSec,
        complete: true,
        gap: true,
      });
    }
  }

  /** rfc8216bis §6.2.2: at least 3 target durations stay listed; what leaves stays downloadable for a playlist's length. */
  #evict(): void {
    const { windowSegments, targetDurationSec } = this.#options.packager;
    const now = this.#options.clock.monotonicMs();
    let seconds = this.#segments.reduce((sum, segment) => sum + segment.durationSec, 0);
    for (let first = this.#segments[0]; first !== undefined; first = this.#segments[0]) {
      const staysSec = seconds - first.durationSec;
      const surplus = this.#segments.length > (first.gap ? MIN_SEGMENTS : windowSegments);
      if (!surplus || staysSec < 3 * targetDurationSec) break;
      this.#segments.shift();
      if (!first.gap) this.#retained.add(first, now + (first.durationSec + seconds) * 1000);
      seconds = staysSec;
    }
    this.#retained.expire(now);
  }

  #advance(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  #render(): MediaPlaylist {
    const { packager, run } = this.#options;
    const hint = this.#ended ? undefined : this.#hint;
    const first = this.#segments[0] ?? this.#open;
    const partTarget = partTargetSec(packager.partDurationMs);
    // rfc8216bis §6.2.2: parts older than 3 target durations should leave the playlist.
    let fromEndSec = this.#open?.durationSec ?? 0;
    const segments: MediaSegment[] = [];
    for (let index = this.#segments.length - 1; index >= 0; index -= 1) {
      const segment = this.#segments[index];
      if (segment === undefined) continue;
      const recent = !this.#ended && fromEndSec < 3 * packager.targetDurationSec;
      fromEndSec += segment.durationSec;
      segments.push({
        ...this.#head(segment, recent),
        uri: segmentName(run, segment.msn),
        durationSec: segment.durationSec,
        gap: segment.gap,
      });
    }
    segments.reverse();
    return {
      targetDurationSec: packager.targetDurationSec,
      partTargetSec: partTarget,
      serverControl: {
        canBlockReload: true,
        canSkipUntilSec: 6 * packager.targetDurationSec,
        holdBackSec: 3 * packager.targetDurationSec,
        partHoldBackSec: 3 * partTarget,
      },
      mediaSequence: first?.msn ?? 0,
      // A segment's own number counts its tag, which is listed while the segment is (rfc8216bis §6.2.2).
      discontinuitySequence:
        first === undefined ? 0 : first.discontinuitySequence - (first.discontinuity ? 1 : 0),
      independentSegments: true,
      segments,
      ...(this.#open === undefined || this.#open.parts.length === 0
        ? {}
        : { open: this.#head(this.#open, true) }),
      preloadHints: hint === undefined ? [] : [{ type: 'PART', uri: partName(run, hint.msn, hint.part) }],
      renditionReports: [],
      endList: this.#ended,
    };
  }

  #head(segment: Segment, withParts: boolean): SegmentHead {
    return {
      discontinuity: segment.discontinuity,
      map: { uri: segment.initName },
      programDateTimeMs: segment.programDateTimeMs,
      parts: withParts
        ? segment.parts.map((part, index) => ({
            uri: partName(this.#options.run, segment.msn, index),
            durationSec: part.durationSec,
            independent: part.independent,
            gap: part.gap,
          }))
        : [],
    };
  }
}

/** The bytes of parts; undefined when there are none, because nothing was made yet or the time is a gap. */
function mediaOf(parts: readonly Part[]): readonly Uint8Array[] | undefined {
  const bytes = parts.filter((part) => !part.gap).map((part) => part.bytes);
  return bytes.length === 0 ? undefined : bytes;
}
