import type { PlayerError } from './player-error.ts';
import type { PlayerStatus } from './player-state.ts';

/** What decides the status; all of it confirmed by the media element, the playlist or a failed request. */
export interface StatusFacts {
  /** The stream's playlist has ended (EXT-X-ENDLIST) and all of it was shown. */
  readonly ended: boolean;
  /** The source is away and is being looked for. */
  readonly searching: boolean;
  readonly error: PlayerError | undefined;
  /** The error cannot be mended by waiting. */
  readonly final: boolean;
  /** A first picture was shown. */
  readonly started: boolean;
  readonly mediaPaused: boolean;
  /** The media element said that it waits for media, and has not said `playing` since. */
  readonly waiting: boolean;
  /** Seconds since the playlist last gained media. */
  readonly sinceAdvanceSec: number | undefined;
}

/** A playlist that gained nothing for this long while the buffer is empty means that the publisher, not the viewer, is cut off. */
export const PUBLISHER_SILENT_SEC = 1.5;

/** The one status that the facts amount to. */
export function playerStatus(facts: StatusFacts): PlayerStatus {
  if (facts.ended) {
    return 'ended';
  }
  if (facts.final) {
    return 'error';
  }
  if (facts.searching) {
    return 'waiting-for-publisher';
  }
  if (facts.mediaPaused) {
    return facts.started || facts.error === undefined ? 'paused' : 'error';
  }
  if (!facts.started) {
    return 'loading';
  }
  if (facts.waiting) {
    return publisherSilent(facts) ? 'waiting-for-publisher' : 'stalled';
  }
  return 'playing';
}

/** Whether the want of media is the publisher's. */
export function publisherSilent(facts: Pick<StatusFacts, 'sinceAdvanceSec'>): boolean {
  return facts.sinceAdvanceSec !== undefined && facts.sinceAdvanceSec > PUBLISHER_SILENT_SEC;
}
