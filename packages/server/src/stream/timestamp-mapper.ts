import { type Ticks, ticks } from '@tallylight/media/time/ticks.ts';
import type { TrackKind } from './track.ts';

/** A step of a publisher's clock larger than this, in milliseconds, is a jump or an outage, not jitter. */
const JUMP_MS = 1000;
/** How far from its own expectation, in milliseconds, a track may land and still follow the other track's jump. */
const SAME_JUMP_MS = 1000;

/** What one timestamp became. */
export interface MappedTime {
  readonly dts: Ticks;
  /** Milliseconds by which the publisher's clock was found to have jumped; 0 for an ordinary unit. */
  readonly jumpMs: number;
}

interface TrackClock {
  offsetMs: number;
  lastDtsMs: number;
  lastArrivalMs: number;
  intervalMs: number;
}

/**
 * Maps one publisher's timestamps to the stream's clock: milliseconds that never fall within a track, continuous over jumps
 * of the publisher's clock. A gap that also passed on our own clock is an outage and stays a gap.
 */
export class TimestampMapper {
  readonly #baseMs: number;
  readonly #tracks = new Map<TrackKind, TrackClock>();
  #commonOffsetMs: number | undefined;

  /** @param baseMs stream time, in milliseconds, at which this publisher's first unit is placed. */
  constructor(baseMs: number) {
    this.#baseMs = baseMs;
  }

  /**
   * Maps one decode time. Never throws.
   * @param dts the publisher's decode time in milliseconds, unwrapped.
   * @param arrivalMs monotonic time of arrival.
   */
  map(kind: TrackKind, dts: Ticks, arrivalMs: number): MappedTime {
    this.#commonOffsetMs ??= this.#baseMs - dts;
    const clock = this.#tracks.get(kind);
    if (clock === undefined) return this.#first(kind, dts, arrivalMs, this.#commonOffsetMs);
    const step = dts + clock.offsetMs - clock.lastDtsMs;
    const jumped = step < -JUMP_MS || (step > JUMP_MS && !isOutage(step, arrivalMs - clock.lastArrivalMs));
    if (jumped) this.#followJump(clock, kind, dts);
    else if (step > 0 && step <= JUMP_MS) clock.intervalMs += (step - clock.intervalMs) / 8;
    const dtsMs = Math.max(dts + clock.offsetMs, clock.lastDtsMs + 1);
    clock.lastDtsMs = dtsMs;
    clock.lastArrivalMs = arrivalMs;
    return { dts: ticks(dtsMs), jumpMs: jumped ? Math.round(step) : 0 };
  }

  /** Stream time, in milliseconds, of the newest unit of any track; the base when there was none. */
  get lastMs(): number {
    return Math.max(this.#baseMs, ...[...this.#tracks.values()].map((clock) => clock.lastDtsMs));
  }

  #first(kind: TrackKind, dts: Ticks, arrivalMs: number, offsetMs: number): MappedTime {
    // A track that starts on a clock of its own (some encoders restart audio at 0) is put beside what the other has reached.
    const strayed = this.#tracks.size > 0 && Math.abs(dts + offsetMs - this.lastMs) > 10 * JUMP_MS;
    const offset = strayed ? this.lastMs - dts : offsetMs;
    const intervalMs = kind === 'video' ? 33 : 21;
    this.#tracks.set(kind, {
      offsetMs: offset,
      lastDtsMs: dts + offset,
      lastArrivalMs: arrivalMs,
      intervalMs,
    });
    return { dts: ticks(dts + offset), jumpMs: 0 };
  }

  /** Re-anchors a track after a jump, with the other track's new offset when that fits, so that lips stay in step. */
  #followJump(clock: TrackClock, kind: TrackKind, dts: Ticks): void {
    const expectedMs = clock.lastDtsMs + Math.max(1, Math.round(clock.intervalMs));
    for (const [otherKind, other] of this.#tracks) {
      if (otherKind === kind || other.offsetMs === clock.offsetMs) continue;
      if (Math.abs(dts + other.offsetMs - expectedMs) < SAME_JUMP_MS) {
        clock.offsetMs = other.offsetMs;
        return;
      }
    }
    clock.offsetMs = expectedMs - dts;
  }
}

/** True when the publisher's step forward is matched by our own clock: nothing was sent meanwhile. */
function isOutage(stepMs: number, elapsedMs: number): boolean {
  return Math.abs(stepMs - elapsedMs) < Math.max(500, 0.3 * stepMs);
}
