/** Milliseconds per segment by which the mapping may follow the publisher's clock; too slow for players to notice. */
const SLEW_MS = 2;
/** Segments of a publisher after which only the slow way is left: its first units come late, while its encoder starts. */
const SETTLING_SEGMENTS = 3;

/**
 * Maps stream time to the wall clock, for EXT-X-PROGRAM-DATE-TIME: the moment at which a unit would have reached us over an
 * unburdened network. Finds the least delay within the first segments, then follows the drift of the publisher's clock by at
 * most 2 ms a segment.
 */
export class WallClockMapping {
  #anchorMs: number | undefined;
  #windowMinMs = Number.POSITIVE_INFINITY;
  #slews = 0;

  /** Takes note of a unit's stream time and of the Unix time of its arrival, both in milliseconds. */
  observe(streamMs: number, unixMs: number): void {
    const offset = unixMs - streamMs;
    this.#anchorMs ??= offset;
    if (offset < this.#windowMinMs) this.#windowMinMs = offset;
  }

  /** Unix time, in milliseconds, of a stream time; undefined before the first unit. */
  toUnixMs(streamMs: number): number | undefined {
    return this.#anchorMs === undefined ? undefined : this.#anchorMs + streamMs;
  }

  /** Moves the mapping towards the least delay seen since the last call; once per segment. */
  slew(): void {
    if (this.#anchorMs !== undefined && Number.isFinite(this.#windowMinMs)) {
      const error = this.#windowMinMs - this.#anchorMs;
      const downMs = this.#slews < SETTLING_SEGMENTS ? Number.POSITIVE_INFINITY : SLEW_MS;
      this.#anchorMs += Math.max(-downMs, Math.min(SLEW_MS, error));
      this.#slews += 1;
    }
    this.#windowMinMs = Number.POSITIVE_INFINITY;
  }

  /** A new publisher: the next unit anchors anew. */
  reset(): void {
    this.#anchorMs = undefined;
    this.#slews = 0;
    this.#windowMinMs = Number.POSITIVE_INFINITY;
  }
}
