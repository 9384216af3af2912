/** Milliseconds per segment by which the mapping may follow the publisher's clock; too slow for players to notice. */
const SLEW_MS = 2;

/**
 * Maps stream time to the wall clock, for EXT-X-PROGRAM-DATE-TIME: the moment at which a unit would have reached us over an
 * unburdened network. Follows the drift of the publisher's clock by at most 2 ms a segment.
 */
export class WallClockMapping {
  #anchorMs: number | undefined;
  #windowMinMs = Number.POSITIVE_INFINITY;

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
      this.#anchorMs += Math.max(-SLEW_MS, Math.min(SLEW_MS, error));
    }
    this.#windowMinMs = Number.POSITIVE_INFINITY;
  }

  /** A new publisher: the next unit anchors anew. */
  reset(): void {
    this.#anchorMs = undefined;
    this.#windowMinMs = Number.POSITIVE_INFINITY;
  }
}
