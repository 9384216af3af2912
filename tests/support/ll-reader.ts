import type { MediaPlaylist, PartialSegment } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { edgeOf } from '@tallylight/hls/rules/playlist-edge.ts';
import { FragmentTrack, type PartMedia } from './fragment-track.ts';
import { httpGet } from './http-client.ts';
import { waitFor } from './wait-for.ts';

/** A part as the reader got it. */
export interface ArrivedPart {
  readonly msn: number;
  readonly index: number;
  readonly listed: PartialSegment;
  /** First part of a segment marked as a discontinuity. */
  readonly discontinuity: boolean;
  /** When its last byte was here, in milliseconds of `performance.now()`. */
  readonly arrivedMs: number;
  /** True when it was waited for, false when it was there already as the reader joined. */
  readonly live: boolean;
  /** Undefined for a GAP part. */
  readonly media: PartMedia | undefined;
}

/** What a player that holds so much buffer would have gone through. */
export interface Playback {
  readonly stalls: number;
  readonly stalledMs: number;
}

/** Follows one media playlist as an LL-HLS player does: blocking reloads, each part as soon as it is listed. */
export class LlReader {
  readonly url: string;
  /** In order of the playlist. */
  readonly parts: ArrivedPart[] = [];
  /** Answers that were not 200, and parts that could not be had. */
  readonly problems: string[] = [];
  /** The newest playlist. */
  playlist: MediaPlaylist | undefined;
  readonly #track = new FragmentTrack();
  readonly #inits = new Map<string, Promise<Buffer>>();
  #cursor: { msn: number; index: number } | undefined;
  #mapUri: string | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** Seconds of media so far. */
  get mediaSec(): number {
    return this.parts.reduce((sum, part) => sum + part.listed.durationSec, 0);
  }

  /** The last part of the path: `source`, `audio`, `360p`, … */
  get id(): string {
    return new URL(this.url).pathname.split('/').at(-2) ?? '';
  }

  /** Reads until there are so many seconds of media, the playlist ends, or the time is over. */
  async follow(mediaSec: number, timeoutMs = mediaSec * 1000 + 8000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let query = '';
    while (this.mediaSec < mediaSec && performance.now() < deadline) {
      const answer = await httpGet(`${this.url}${query}`);
      if (answer.status !== 200) {
        this.problems.push(`${answer.status} for ${query || 'the plain playlist'}`);
        query = '';
        if (this.problems.length > 20) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      this.playlist = parseMediaPlaylist(answer.body.toString());
      await this.#take(this.playlist, query !== '');
      if (this.playlist.endList) return;
      const edge = edgeOf(this.playlist);
      query = edge.complete
        ? `?_HLS_msn=${edge.msn + 1}&_HLS_part=0`
        : `?_HLS_msn=${edge.msn}&_HLS_part=${edge.part + 1}`;
    }
  }

  /** Tears in the decode timeline, in words: where a part does not begin at the tick at which the part before it ended. */
  get holes(): string[] {
    const found: string[] = [];
    let endTicks: number | undefined;
    for (const { media, msn, index, discontinuity, listed } of this.parts) {
      if (media === undefined) {
        found.push(`${msn}.${index} is a gap of ${listed.durationSec} s`);
        endTicks = undefined;
        continue;
      }
      if (endTicks !== undefined && !discontinuity && media.startTicks !== endTicks)
        found.push(`${msn}.${index} begins at ${media.startTicks}, not ${endTicks}`);
      endTicks = media.startTicks + media.durationTicks;
    }
    return found;
  }

  /** Parts that last longer than the target, or otherwise than they say. */
  get wrongDurations(): string[] {
    const targetSec = this.playlist?.partTargetSec ?? 0;
    return this.parts.flatMap(({ media, listed, msn, index }) => {
      const sec = media === undefined ? listed.durationSec : media.durationTicks / media.timescale;
      if (sec > targetSec + 1e-6) return [`${msn}.${index} lasts ${sec} s, above ${targetSec} s`];
      if (Math.abs(sec - listed.durationSec) > 1e-4)
        return [`${msn}.${index} lasts ${sec} s, listed as ${listed.durationSec} s`];
      return [];
    });
  }

  /** Parts below 85 % of the target that nothing excuses (rfc8216bis-22 §4.4.4.9). */
  get shortParts(): string[] {
    const floorSec = 0.85 * (this.playlist?.partTargetSec ?? 0);
    return this.parts.flatMap(({ listed, msn, index }, at) => {
      const next = this.parts[at + 1];
      const excused =
        next === undefined || next.msn !== msn || next.listed.gap || listed.gap || listed.independent;
      return excused || listed.durationSec >= floorSec - 1e-6
        ? []
        : [`${msn}.${index}: ${listed.durationSec} s`];
    });
  }

  /** Segments whose first part is not marked as independent or does not begin with a keyframe. */
  get dependentSegments(): string[] {
    return this.parts.flatMap(({ index, listed, media, msn }) =>
      index === 0 && media !== undefined && !(listed.independent && media.samples[0]?.keyframe === true)
        ? [String(msn)]
        : [],
    );
  }

  /**
   * Plays what was read, from the first part that was waited for, with so much buffer behind the newest part. A part that
   * comes when the buffer is empty is a stall, and playback goes on later by as much.
   */
  playBack(bufferSec: number): Playback {
    let endSec = 0;
    let startedMs: number | undefined;
    let stalls = 0;
    let stalledMs = 0;
    for (const part of this.parts) {
      if (startedMs !== undefined) {
        const lateMs = part.arrivedMs - startedMs - endSec * 1000;
        if (lateMs > 5) {
          stalls++;
          stalledMs += lateMs;
          startedMs += lateMs;
        }
      }
      endSec += part.listed.durationSec;
      if (startedMs === undefined && part.live) startedMs = part.arrivedMs - (endSec - bufferSec) * 1000;
    }
    return { stalls, stalledMs: Math.round(stalledMs) };
  }

  async #take(playlist: MediaPlaylist, live: boolean): Promise<void> {
    const heads = playlist.open === undefined ? playlist.segments : [...playlist.segments, playlist.open];
    this.#cursor ??= joinAt(playlist);
    for (const [at, head] of heads.entries()) {
      const msn = playlist.mediaSequence + at;
      if (msn < this.#cursor.msn) continue;
      if (msn > this.#cursor.msn) this.#cursor = { msn, index: 0 };
      for (let part = head.parts[this.#cursor.index]; part !== undefined; ) {
        const index = this.#cursor.index++;
        await this.#fetch(msn, index, part, head.discontinuity && index === 0, head.map?.uri, live);
        part = head.parts[this.#cursor.index];
      }
    }
  }

  async #fetch(
    msn: number,
    index: number,
    listed: PartialSegment,
    discontinuity: boolean,
    map: string | undefined,
    live: boolean,
  ): Promise<void> {
    let media: PartMedia | undefined;
    if (!listed.gap) {
      if (map !== undefined && map !== this.#mapUri) {
        this.#mapUri = map;
        this.#track.setInit(await this.#init(map));
      }
      const answer = await httpGet(new URL(listed.uri, this.url).href);
      if (answer.status === 200) media = this.#track.read(answer.body);
      else this.problems.push(`${answer.status} for ${listed.uri}`);
    }
    this.parts.push({ msn, index, listed, discontinuity, arrivedMs: performance.now(), live, media });
  }

  #init(uri: string): Promise<Buffer> {
    const known = this.#inits.get(uri);
    if (known !== undefined) return known;
    const body = httpGet(new URL(uri, this.url).href).then((answer) => answer.body);
    this.#inits.set(uri, body);
    return body;
  }
}

/**
 * A reader for each media playlist of a stream, as soon as its multivariant playlist names that many; with `atLeast` 1, the
 * default, as soon as there is one.
 */
export function openReaders(
  multivariantUrl: string,
  { atLeast = 1, timeoutMs = 10_000 } = {},
): Promise<readonly LlReader[]> {
  const read = async (): Promise<readonly LlReader[] | undefined> => {
    const answer = await httpGet(multivariantUrl);
    if (answer.status !== 200) return undefined;
    const { variants, renditions } = parseMultivariantPlaylist(answer.body.toString());
    const uris = new Set([...variants, ...renditions].flatMap(({ uri }) => uri ?? []));
    if (uris.size < atLeast) return undefined;
    return [...uris].map((uri) => new LlReader(new URL(uri, multivariantUrl).href));
  };
  return waitFor(`${atLeast} playlists at ${multivariantUrl}`, read, timeoutMs, 20);
}

/** The last listed part from which a player may begin, or the start of the open segment. */
function joinAt(playlist: MediaPlaylist): { msn: number; index: number } {
  const openMsn = playlist.mediaSequence + playlist.segments.length;
  if ((playlist.open?.parts.length ?? 0) > 0) return { msn: openMsn, index: 0 };
  return { msn: openMsn - (playlist.segments.at(-1)?.gap === false ? 1 : 0), index: 0 };
}
