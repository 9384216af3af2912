import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { PlaylistError } from '../playlist-error.ts';
import { isSatisfied } from '../rules/blocking-reload.ts';
import { mergeDelta } from '../rules/delta-update.ts';
import { edgeOf } from '../rules/playlist-edge.ts';
import { must } from './finding.ts';
import type { FindingLog } from './finding-log.ts';
import { lintMediaPlaylist, lintSuccession } from './lint-playlist.ts';
import type { LintClock, PlaylistFetch } from './playlist-source.ts';

/** Failed requests in a row after which a follower gives up. */
const MAX_FAILURES = 5;

/** What the followers of one presentation share. */
export interface FollowerContext {
  readonly fetch: PlaylistFetch;
  readonly clock: LintClock;
  readonly log: FindingLog;
  /** Takes what is wrong but breaks no rule about playlists, such as an HTTP error. */
  readonly report: (problem: string) => void;
}

/** Reads one media playlist again and again, as a client would, and checks every version. */
export class PlaylistFollower {
  readonly url: string;
  readonly #context: FollowerContext;
  #latest: ReadMediaPlaylist | undefined;
  #versions = 0;
  #failures = 0;
  /** After an answer that came too early: another blocking reload at once would be a storm. */
  #mustPause = false;

  constructor(url: string, context: FollowerContext) {
    this.url = url;
    this.#context = context;
  }

  /** The newest version, deltas merged. */
  get latest(): ReadMediaPlaylist | undefined {
    return this.#latest;
  }

  /** How many versions were read. */
  get versions(): number {
    return this.#versions;
  }

  /** Fetches the plain playlist. */
  async load(): Promise<void> {
    await this.#take('');
  }

  /** Fetches the plain playlist and a delta update; undefined when either could not be had or read. */
  async loadDelta(): Promise<
    { readonly delta: ReadMediaPlaylist; readonly full: ReadMediaPlaylist } | undefined
  > {
    const delta = await this.#read('_HLS_skip=YES');
    const full = await this.#read('');
    return delta === undefined || full === undefined ? undefined : { delta, full };
  }

  /** Follows the playlist until the time is over, it ends, or it fails five times in a row. */
  async follow(untilMs: number): Promise<void> {
    const { clock } = this.#context;
    while (this.#failures < MAX_FAILURES && this.#latest?.playlist.endList !== true) {
      const left = untilMs - clock.monotonicMs();
      if (left <= 0) return;
      const blocking =
        this.#latest?.playlist.serverControl?.canBlockReload === true &&
        this.#failures === 0 &&
        !this.#mustPause;
      if (!blocking) await clock.sleep(Math.min(left, this.#pauseMs()));
      await this.#take(blocking ? this.#nextQuery() : '');
    }
  }

  /** §6.3.4: a client without blocking reload waits a target duration; half of one after no change, which we always take. */
  #pauseMs(): number {
    return ((this.#latest?.playlist.targetDurationSec ?? 1) * 1000) / 2;
  }

  /** The next part, or the next segment of a playlist without parts; every other time as a delta update. */
  #nextQuery(): string {
    const playlist = this.#latest?.playlist;
    if (playlist === undefined) return '';
    const edge = edgeOf(playlist);
    const [msn, part] = edge.complete ? [edge.msn + 1, 0] : [edge.msn, edge.part + 1];
    const skips = playlist.serverControl?.canSkipUntilSec !== undefined && this.#versions % 2 === 1;
    const parts = playlist.partTargetSec === undefined ? '' : `&_HLS_part=${part}`;
    return `_HLS_msn=${msn}${parts}${skips ? '&_HLS_skip=YES' : ''}`;
  }

  async #take(query: string): Promise<void> {
    const { log } = this.#context;
    const read = await this.#read(query);
    if (read === undefined) return;
    const before = this.#latest;
    const merged = this.#merge(read);
    if (merged === undefined) return;
    this.#latest = merged;
    this.#versions++;
    if (before !== undefined) log.add(lintSuccession(before, merged), this.url);
    const until = targetOf(query);
    this.#mustPause = until !== undefined && !isSatisfied(until, edgeOf(merged.playlist));
    if (until !== undefined && this.#mustPause && !merged.playlist.endList) {
      // §6.2.5.2: MUST hold until the playlist has it.
      log.add([must(27, `answered ${query} without part ${until.part ?? 'end'} of ${until.msn}`)], this.url);
    }
  }

  #merge(read: ReadMediaPlaylist): ReadMediaPlaylist | undefined {
    if (read.playlist.skippedSegments === undefined) return read;
    try {
      if (this.#latest === undefined) throw new PlaylistError('a plain request was answered with a delta');
      return { ...read, playlist: mergeDelta(this.#latest.playlist, read.playlist) };
    } catch (error) {
      if (!(error instanceof PlaylistError)) throw error;
      this.#context.log.add([must(42, error.reason)], this.url);
      this.#latest = undefined;
      return undefined;
    }
  }

  async #read(query: string): Promise<ReadMediaPlaylist | undefined> {
    const url = query === '' ? this.url : `${this.url}${this.url.includes('?') ? '&' : '?'}${query}`;
    const { fetch, log, report } = this.#context;
    try {
      const response = await fetch(url);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      const { read, findings } = lintMediaPlaylist(await response.text());
      log.add(findings, this.url);
      this.#failures = read === undefined ? this.#failures + 1 : 0;
      return read;
    } catch (error) {
      this.#failures++;
      report(`${url}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

/** What a query of ours waits for. */
function targetOf(query: string): { readonly msn: number; readonly part: number | undefined } | undefined {
  const match = /_HLS_msn=(\d+)(?:&_HLS_part=(\d+))?/.exec(query);
  if (match === null) return undefined;
  return { msn: Number(match[1]), part: match[2] === undefined ? undefined : Number(match[2]) };
}
