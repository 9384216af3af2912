import type { ViewDecision } from '../packager/presentation.ts';

/** Who may keep an answer: everybody, or (behind an authorizer that said so) nobody. */
export type Visibility = Exclude<ViewDecision, 'denied' | 'absent'>;

/** Anything private: nothing between us and the viewer may keep it. */
export const PRIVATE = 'private, no-store';

/** Errors that another request may not see: 400, 401, 403, 405, 416, 503. */
export const NO_STORE = 'no-store';

/**
 * Init sections, segments and parts: their names are unique for ever, so a year is right.
 */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Multivariant playlist: a shared cache may coalesce for 2 s, players always ask. */
export const MULTIVARIANT = 'public, max-age=0, s-maxage=2';

/** A media playlist asked for without `_HLS_msn`: at most half a target duration old (rfc8216bis-22 B.1). */
export const PLAIN_PLAYLIST = 'public, max-age=0, s-maxage=1';

/** 404: what does not exist yet may exist in a second. */
export const NOT_FOUND = 'public, max-age=0, s-maxage=1';

/**
 * A media playlist answered for an `_HLS_msn`: the same query always finds its segment in it, so it may be kept for six
 * target durations (rfc8216bis-22 B.1).
 */
export function blockingPlaylist(targetDurationSec: number): string {
  return `public, max-age=${6 * targetDurationSec}`;
}
