import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import type { MultivariantPlaylist } from '@tallylight/hls/multivariant-playlist.ts';

/** The last thing a rendition's playlist lists: what RENDITION-REPORT and blocking reload speak of. */
export interface Edge {
  /** Media sequence number of the segment that holds the last listed part: the open one, or the last complete one. */
  readonly msn: number;
  /** Index of the last listed part of that segment; −1 when the segment is open and has no part yet. */
  readonly part: number;
  /** True when that segment is complete (its EXTINF is listed). */
  readonly complete: boolean;
}

/** One rendition's live window, as the origin reads it. All methods are synchronous and cheap. */
export interface RenditionFeed {
  /** Path segment of the rendition, such as `720p`, `source` or `audio`. */
  readonly id: string;
  /** The playlist as of now, without rendition reports; the same object until something changed. */
  playlist(): MediaPlaylist;
  /** Rises by one with every change of the playlist. */
  readonly version: number;
  readonly edge: Edge;
  readonly ended: boolean;
  /** Parts of the complete segment `msn` while it is listed; undefined for others. */
  partCount(msn: number): number | undefined;
  /**
   * Bytes of an init section, segment or part by its file name. Undefined: unknown, evicted, or not made yet.
   * A segment is the list of its parts' buffers, in order.
   */
  media(name: string): readonly Uint8Array[] | undefined;
  /** True when the name is the part (or init) that the playlist hints now, so a request for it may be held. */
  isHinted(name: string): boolean;
  /** Calls back after every change; returns the way to stop that. */
  onAdvance(listener: () => void): () => void;
}

/** Everything packaged of one live stream. */
export interface Presentation {
  readonly streamId: string;
  /** Media renditions by id, audio among them. */
  renditions(): ReadonlyMap<string, RenditionFeed>;
  /** Undefined until every listed rendition has a part. */
  multivariant(): MultivariantPlaylist | undefined;
  readonly ended: boolean;
}

/** Port: how the origin finds presentations. Implemented by `pipeline/`. */
export interface PresentationDirectory {
  presentation(streamId: string): Presentation | undefined;
}

/** What the origin asks before it serves any playlist, init section, segment or part. */
export interface ViewRequest {
  readonly streamId: string;
  /** The `/t/:token/` path element, when the URL has one. */
  readonly token?: string;
  readonly address: string;
}

/** `public` answers may be cached by anybody, `private` ones by nobody; `denied` wants a token, `absent` is as if the stream were not. */
export type ViewDecision = 'public' | 'private' | 'denied' | 'absent';

/** Port: decides who may watch. May answer synchronously to keep the hot path cheap. */
export interface ViewerAuthorizer {
  authorize(request: ViewRequest): ViewDecision | Promise<ViewDecision>;
  /**
   * Calls back when somebody may no longer watch a stream; `mayStay` tells it of who came with a token, or with none. For what goes on
   * without asking again. Returns the way to stop that. Absent where rights never end.
   */
  onRevoked?(listener: RevocationListener): () => void;
}

/** See `ViewerAuthorizer.onRevoked`. */
export type RevocationListener = (streamId: string, mayStay: (token: string | undefined) => boolean) => void;
