import type { MediaPlaylist, MediaSegment, PartialSegment } from '@tallylight/hls/media-playlist.ts';
import type { MultivariantPlaylist } from '@tallylight/hls/multivariant-playlist.ts';
import type {
  Edge,
  Presentation,
  PresentationDirectory,
  RenditionFeed,
} from '../../packager/presentation.ts';

/** Sizes of what a {@link FakeRendition} makes. */
export interface FakeShape {
  /** MSN of the first segment. */
  readonly firstMsn: number;
  readonly partsPerSegment: number;
  /** Segments that stay listed. */
  readonly window: number;
  readonly partBytes: number;
  readonly targetDurationSec: number;
}

const SHAPE: FakeShape = {
  firstMsn: 1_700_000_000,
  partsPerSegment: 10,
  window: 12,
  partBytes: 1000,
  targetDurationSec: 3,
};

/** A rendition in memory that advances when a test says so: parts of 0.2 s whose bytes tell their name. */
export class FakeRendition implements RenditionFeed {
  readonly id: string;
  readonly shape: FakeShape;
  version = 1;
  ended = false;
  /** How often the playlist was asked for anew; tests count renderings by it. */
  readonly segments: MediaSegment[] = [];
  readonly #media = new Map<string, readonly Uint8Array[]>();
  readonly #listeners = new Set<() => void>();
  #open: PartialSegment[] = [];
  #openMsn: number;
  #playlist: MediaPlaylist | undefined;
  #hint: string | undefined;

  /** @param id path segment. */
  constructor(id: string, shape: Partial<FakeShape> = {}) {
    this.id = id;
    this.shape = { ...SHAPE, ...shape };
    this.#openMsn = this.shape.firstMsn;
    this.#media.set('r.init-1.mp4', [Buffer.from('init')]);
    this.#hint = this.#partName(this.#openMsn, 0);
  }

  get edge(): Edge {
    if (this.#open.length > 0) return { msn: this.#openMsn, part: this.#open.length - 1, complete: false };
    if (this.segments.length === 0) return { msn: this.#openMsn, part: -1, complete: false };
    return { msn: this.#openMsn - 1, part: this.shape.partsPerSegment - 1, complete: true };
  }

  /** Listeners that are subscribed now. */
  get listeners(): number {
    return this.#listeners.size;
  }

  playlist(): MediaPlaylist {
    this.#playlist ??= {
      targetDurationSec: this.shape.targetDurationSec,
      partTargetSec: 0.216,
      serverControl: {
        canBlockReload: true,
        canSkipUntilSec: 6 * this.shape.targetDurationSec,
        partHoldBackSec: 0.648,
      },
      mediaSequence: this.#openMsn - this.segments.length,
      discontinuitySequence: this.shape.firstMsn,
      independentSegments: true,
      segments: [...this.segments],
      ...(this.#open.length === 0
        ? {}
        : { open: { discontinuity: false, map: { uri: 'r.init-1.mp4' }, parts: [...this.#open] } }),
      preloadHints: this.ended || this.#hint === undefined ? [] : [{ type: 'PART', uri: this.#hint }],
      renditionReports: [],
      endList: this.ended,
    };
    return this.#playlist;
  }

  partCount(msn: number): number | undefined {
    const listed = msn < this.#openMsn && msn >= this.#openMsn - this.segments.length;
    return listed ? this.shape.partsPerSegment : undefined;
  }

  media(name: string): readonly Uint8Array[] | undefined {
    return this.#media.get(name);
  }

  isHinted(name: string): boolean {
    return !this.ended && name === this.#hint;
  }

  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes `count` parts; the last part of a segment completes it. */
  advance(count = 1): this {
    for (let made = 0; made < count; made++) this.#addPart();
    this.#changed();
    return this;
  }

  /** Ends the stream: the open segment is closed as it is. */
  end(): void {
    if (this.#open.length > 0) this.#completeSegment();
    this.ended = true;
    this.#changed();
  }

  /** Gives the hinted part up, as a forced cut does, and hints the next segment's first one. */
  abandonHint(): void {
    this.#completeSegment();
    this.#hint = this.#partName(this.#openMsn, 0);
    this.#changed();
  }

  /** Puts bytes under a name. */
  put(name: string, pieces: readonly Uint8Array[]): void {
    this.#media.set(name, pieces);
  }

  #addPart(): void {
    const index = this.#open.length;
    const uri = this.#partName(this.#openMsn, index);
    this.#media.set(uri, [Buffer.alloc(this.shape.partBytes, `${uri};`)]);
    this.#open.push({ uri, durationSec: 0.2, independent: index === 0, gap: false });
    if (this.#open.length === this.shape.partsPerSegment) this.#completeSegment();
    this.#hint = this.#partName(this.#openMsn, this.#open.length);
  }

  #completeSegment(): void {
    const uri = `r.${this.#openMsn}.m4s`;
    this.#media.set(
      uri,
      this.#open.flatMap((part) => this.#media.get(part.uri) ?? []),
    );
    this.segments.push({
      uri,
      durationSec: 0.2 * this.#open.length,
      gap: false,
      discontinuity: false,
      map: { uri: 'r.init-1.mp4' },
      programDateTimeMs: this.#openMsn * 1000,
      parts: this.#open,
    });
    this.#open = [];
    this.#openMsn++;
    if (this.segments.length > this.shape.window) this.segments.shift();
    const withoutParts = this.segments.at(-5);
    if (withoutParts !== undefined) this.segments[this.segments.length - 5] = { ...withoutParts, parts: [] };
  }

  #partName(msn: number, part: number): string {
    return `r.${msn}.${part}.m4s`;
  }

  #changed(): void {
    this.version++;
    this.#playlist = undefined;
    for (const listener of this.#listeners) listener();
  }
}

/** A presentation of fake renditions. */
export class FakePresentation implements Presentation {
  readonly streamId: string;
  ended = false;
  /** Set to undefined to be a stream that is just starting. */
  multivariantPlaylist: MultivariantPlaylist | undefined;
  readonly #renditions: Map<string, RenditionFeed>;

  /** @param renditions what it is made of. */
  constructor(streamId: string, renditions: readonly RenditionFeed[]) {
    this.streamId = streamId;
    this.#renditions = new Map(renditions.map((rendition) => [rendition.id, rendition]));
    this.multivariantPlaylist = {
      independentSegments: true,
      renditions: [],
      variants: renditions.map(({ id }) => ({
        uri: `${id}/index.m3u8`,
        bandwidthBps: 1e6,
        codecs: ['avc1.64001f'],
      })),
    };
  }

  renditions(): ReadonlyMap<string, RenditionFeed> {
    return this.#renditions;
  }

  multivariant(): MultivariantPlaylist | undefined {
    return this.multivariantPlaylist;
  }
}

/** A directory that is a map. */
export class FakeDirectory implements PresentationDirectory {
  readonly streams = new Map<string, Presentation>();

  presentation(streamId: string): Presentation | undefined {
    return this.streams.get(streamId);
  }
}
