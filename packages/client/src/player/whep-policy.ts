import type { WhepFailure, WhepFailureCode } from './whep-failure.ts';

/** What WHEP is doing, as far as the choice of the transport goes. */
export type WhepPhase =
  /** Not wanted, or not possible here. */
  | 'off'
  /** A first session is being opened. */
  | 'trying'
  | 'playing'
  /** The session broke off; new ones are tried while the last picture stays. */
  | 'recovering'
  /** LL-HLS carries on; WHEP is tried again later. */
  | 'resting';

/** LL-HLS begins beside a first WHEP attempt that has not shown a picture by then, so that a blocked network does not cost 4 s of black. */
const HEAD_START_MS = 1_000;
/** After a loss WHEP alone is tried for this long. */
const RECOVERY_MS = 3_000;
/** Pauses between the tries of a recovery; the worker's own restart takes 0.25 s at first. */
const RECOVERY_PAUSES_MS = [0, 250, 500, 750, 1_000] as const;
/** Rest before the next try: the first, and every one after it. */
const FIRST_REST_MS = 30_000;
const LATER_REST_MS = 60_000;
const MAX_RETRY_AFTER_MS = 300_000;
/** A session that lasted this long makes the next rest a first one again. */
const STABLE_MS = 30_000;

/** Failures that may be over in a moment, when the worker is being started anew. */
const PASSING: ReadonlySet<WhepFailureCode> = new Set(['busy', 'unreachable', 'udp-blocked', 'lost']);
/** Failures whose cause is gone when the publisher is back. */
const OF_SOURCE: ReadonlySet<WhepFailureCode> = new Set(['not-live', 'no-media', 'lost', 'unavailable']);

/**
 * Decides when WHEP is tried, when it is given up for LL-HLS, and when it is tried again. Pure: time comes in as an argument,
 * in ms on a clock that never goes back. It is told what happened, and asked what should be.
 */
export class WhepPolicy {
  #phase: WhepPhase = 'off';
  #wanted = false;
  #auto = true;
  #supported: boolean;
  #failure: WhepFailure | undefined;
  /** When the phase began. */
  #sinceMs = 0;
  /** When the next try of a recovery or the end of the rest is due. */
  #dueMs = 0;
  #tries = 0;
  #rests = 0;

  /** `supported` = the browser has WebRTC with H.264. */
  constructor(supported: boolean) {
    this.#supported = supported;
  }

  get phase(): WhepPhase {
    return this.#phase;
  }

  /** Whether the viewer wants ultra-low latency, possible or not. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether the viewer leaves the rendition to the player. */
  get auto(): boolean {
    return this.#auto;
  }

  /** Why WHEP is not playing, when it was tried or cannot be. */
  get failure(): WhepFailure | undefined {
    return this.#failure;
  }

  /** The viewer turned ultra-low latency on or off. Turning it on tries at once, whatever happened before. */
  setWanted(wanted: boolean, nowMs: number): void {
    this.#wanted = wanted;
    this.#begin(nowMs);
  }

  /** The viewer chose a fixed rendition, which only LL-HLS can give, or left the choice to us. */
  setAuto(auto: boolean, nowMs: number): void {
    if (auto !== this.#auto) {
      this.#auto = auto;
      this.#begin(nowMs);
    }
  }

  /** A session shows pictures, or shows them again. */
  playing(nowMs: number): void {
    if (this.#phase !== 'off') {
      this.#enter('playing', nowMs);
      this.#failure = undefined;
    }
  }

  /** A session failed, whether it ever played or not. */
  failed(failure: WhepFailure, nowMs: number): void {
    if (this.#phase === 'off' || this.#phase === 'resting') {
      return;
    }
    this.#failure = failure;
    if (this.#phase === 'playing' && nowMs - this.#sinceMs >= STABLE_MS) {
      this.#rests = 0;
    }
    if (failure.code === 'unsupported') {
      this.#supported = false;
      this.#phase = 'off';
    } else if (this.#phase === 'playing' && PASSING.has(failure.code)) {
      this.#enter('recovering', nowMs);
      this.#tries = 0;
      this.#dueMs = nowMs;
    } else if (this.#phase === 'recovering' && PASSING.has(failure.code)) {
      this.#tries += 1;
      this.#dueMs = nowMs + (RECOVERY_PAUSES_MS[this.#tries] ?? 1_000);
      this.tick(nowMs);
    } else {
      this.#rest(failure, nowMs);
    }
  }

  /** LL-HLS found the stream again after it was away: a failure that was the publisher's is forgotten. */
  sourceReturned(nowMs: number): void {
    if (this.#phase === 'resting' && this.#failure !== undefined && OF_SOURCE.has(this.#failure.code)) {
      this.#enter('trying', nowMs);
    }
  }

  /** Time went by. */
  tick(nowMs: number): void {
    if (this.#phase === 'resting' && nowMs >= this.#dueMs) {
      this.#enter('trying', nowMs);
    } else if (this.#phase === 'recovering' && nowMs - this.#sinceMs >= RECOVERY_MS) {
      this.#rest(this.#failure ?? { code: 'lost', detail: '' }, nowMs);
    }
  }

  /** Whether a session should be under way, besides one that is on the screen. */
  wantsAttempt(nowMs: number): boolean {
    return this.#phase === 'trying' || (this.#phase === 'recovering' && nowMs >= this.#dueMs);
  }

  /** Whether LL-HLS should be on the screen until WHEP is. */
  wantsHls(nowMs: number): boolean {
    switch (this.#phase) {
      case 'off':
      case 'resting':
        return true;
      case 'trying':
        return nowMs - this.#sinceMs >= HEAD_START_MS;
      default:
        return false;
    }
  }

  #begin(nowMs: number): void {
    this.#rests = 0;
    this.#failure = this.#supported ? undefined : { code: 'unsupported', detail: 'no WebRTC with H.264' };
    const possible = this.#wanted && this.#auto && this.#supported;
    if (!possible) {
      this.#enter('off', nowMs);
    } else if (this.#phase !== 'playing' && this.#phase !== 'recovering') {
      this.#enter('trying', nowMs);
    }
  }

  #rest(failure: WhepFailure, nowMs: number): void {
    const restMs = this.#rests === 0 ? FIRST_REST_MS : LATER_REST_MS;
    const askedMs = Math.min(MAX_RETRY_AFTER_MS, (failure.retryAfterSec ?? 0) * 1000);
    this.#rests += 1;
    this.#enter('resting', nowMs);
    this.#dueMs = nowMs + Math.max(restMs, askedMs);
  }

  #enter(phase: WhepPhase, nowMs: number): void {
    this.#phase = phase;
    this.#sinceMs = nowMs;
  }
}
