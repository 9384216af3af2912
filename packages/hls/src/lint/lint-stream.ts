import { isMultivariant } from '../parse-media-playlist.ts';
import type { ReadMultivariantPlaylist } from '../parse-multivariant-playlist.ts';
import { edgeOf } from '../rules/playlist-edge.ts';
import type { Finding } from './finding.ts';
import { FindingLog } from './finding-log.ts';
import { lintDelta, lintMultivariantPlaylist, lintPresentation } from './lint-playlist.ts';
import { type FollowerContext, PlaylistFollower } from './playlist-follower.ts';
import type { LintClock, PlaylistFetch } from './playlist-source.ts';
import type { LocatedPlaylist } from './presentation-rules.ts';

/** More media playlists than this are not followed: a foreign multivariant playlist may name thousands. */
const MAX_PLAYLISTS = 64;

/** Tries to get a delta and a full playlist of the same instant. */
const DELTA_TRIES = 5;

/** What to check, and for how long. */
export interface LintStreamOptions {
  /** Multivariant or media playlist. */
  readonly url: string;
  /** How long to follow the media playlists; 0 reads each once. */
  readonly seconds: number;
  readonly fetch: PlaylistFetch;
  readonly clock: LintClock;
}

/** What was found. */
export interface LintReport {
  readonly findings: readonly Finding[];
  /** Findings left out because their rule had ten about the same playlist. */
  readonly leftOut: number;
  /** HTTP errors and playlists that could not be read, in words. */
  readonly problems: readonly string[];
  /** Media playlists, with the number of versions that were read. */
  readonly playlists: readonly { readonly url: string; readonly versions: number }[];
  /** True when there is neither a MUST finding nor a problem. */
  readonly ok: boolean;
}

/**
 * Reads a stream as a client does, with blocking reloads and delta updates where they are offered, and checks every
 * version of every media playlist, successive versions, and the renditions against each other. Never rejects for what
 * the server does: that becomes a problem of the report.
 */
export async function lintStream(options: LintStreamOptions): Promise<LintReport> {
  const { clock, fetch, url } = options;
  const log = new FindingLog();
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < 100) problems.push(problem);
  };
  const context: FollowerContext = { fetch, clock, log, report };
  const untilMs = clock.monotonicMs() + options.seconds * 1000;
  const start = await readStart(url, context);
  const followers = (start?.urls ?? []).map((media) => new PlaylistFollower(media, context));
  const snapshot = () => checkTogether(followers, start?.multivariant, context);

  await snapshot();
  if (options.seconds > 0) {
    await Promise.all(followers.map((follower) => follower.follow(untilMs)));
    await checkDeltas(followers, log);
    await snapshot();
  }
  const isWrong = problems.length > 0 || log.findings.some(({ level }) => level === 'MUST');
  return {
    findings: log.findings,
    leftOut: log.leftOut,
    problems,
    playlists: followers.map((follower) => ({ url: follower.url, versions: follower.versions })),
    ok: !isWrong,
  };
}

/** The media playlists that the URL leads to; undefined after a problem. */
async function readStart(
  url: string,
  { fetch, log, report }: FollowerContext,
): Promise<
  { readonly multivariant?: ReadMultivariantPlaylist; readonly urls: readonly string[] } | undefined
> {
  let text: string;
  let base = url;
  try {
    const response = await fetch(url);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    text = await response.text();
    if (response.url !== '') base = response.url;
  } catch (error) {
    report(`${url}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  if (!isMultivariant(text)) return { urls: [url] };
  const { read, findings } = lintMultivariantPlaylist(text);
  log.add(findings, url);
  if (read === undefined) return undefined;
  const uris = [...read.playlist.variants, ...read.playlist.renditions].flatMap(({ uri }) => uri ?? []);
  for (const uri of uris)
    if (!URL.canParse(uri, base)) report(`not a URI: ${JSON.stringify(uri.slice(0, 80))}`);
  const resolvable = uris.filter((uri) => URL.canParse(uri, base));
  const urls = [...new Set(resolvable.map((uri) => new URL(uri, base).href))];
  if (urls.length > MAX_PLAYLISTS)
    report(`${urls.length} media playlists, of which ${MAX_PLAYLISTS} are followed`);
  return { multivariant: read, urls: urls.slice(0, MAX_PLAYLISTS) };
}

/** Fetches all media playlists at once and checks them against each other. */
async function checkTogether(
  followers: readonly PlaylistFollower[],
  multivariant: ReadMultivariantPlaylist | undefined,
  { clock, log }: FollowerContext,
): Promise<void> {
  const beganMs = clock.monotonicMs();
  await Promise.all(followers.map((follower) => follower.load()));
  const media: LocatedPlaylist[] = followers.flatMap(({ url, latest }) =>
    latest === undefined ? [] : [{ url, read: latest }],
  );
  const [first] = media;
  if (first === undefined) return;
  const spreadSec = (clock.monotonicMs() - beganMs) / 1000;
  const findings = lintPresentation({
    ...(multivariant === undefined ? {} : { multivariant }),
    media,
    spreadSec,
  });
  log.add(findings, first.url);
}

/** Rule 42, on the playlists that offer delta updates and have something to skip. */
async function checkDeltas(followers: readonly PlaylistFollower[], log: FindingLog): Promise<void> {
  for (const follower of followers) {
    const base = follower.latest;
    if (base === undefined || base.playlist.endList) continue;
    if (base.playlist.serverControl?.canSkipUntilSec === undefined) continue;
    for (let tries = 0; tries < DELTA_TRIES; tries++) {
      const pair = await follower.loadDelta();
      if (pair === undefined || pair.delta.playlist.skippedSegments === undefined) break;
      const [a, b] = [edgeOf(pair.delta.playlist), edgeOf(pair.full.playlist)];
      if (a.msn !== b.msn || a.complete !== b.complete) continue;
      log.add(lintDelta(base, pair.delta, pair.full), follower.url);
      break;
    }
  }
}
