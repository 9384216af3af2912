/** How well one FFmpeg keeps up. */
export interface ThroughputReport {
  /** Media time that came out over media time that went in, lately; 1 when it keeps up or nothing goes in. */
  readonly speed: number;
  /** Newest picture in minus newest picture out, in milliseconds. */
  readonly lagMs: number;
  /** Pictures a second that came out of the slowest rung, lately. */
  readonly fps: number;
}

interface Sample {
  readonly atMs: number;
  readonly inMs: number;
  readonly outMs: number;
  readonly pictures: number;
}

const WINDOW_MS = 4000;
/** A lag below this is work in progress, not a backlog. */
const NORMAL_LAG_MS = 250;
/** Less input than this says nothing about speed. */
const MIN_INPUT_MS = 500;

/**
 * FFmpeg's own `speed=` is an average over its whole life and falls when the publisher pauses. This one compares what went in with
 * what came out, over the last seconds.
 */
export class Throughput {
  readonly #newestOut = new Map<string, number>();
  readonly #pictures = new Map<string, number>();
  readonly #samples: Sample[] = [];
  #inMs: number | undefined;

  constructor(rungIds: readonly string[]) {
    for (const id of rungIds) this.#pictures.set(id, 0);
  }

  /** A picture went in. */
  wrote(ptsMs: number): void {
    this.#inMs = Math.max(this.#inMs ?? ptsMs, ptsMs);
  }

  /** A picture came out. */
  delivered(rungId: string, ptsMs: number): void {
    this.#newestOut.set(rungId, ptsMs);
    this.#pictures.set(rungId, (this.#pictures.get(rungId) ?? 0) + 1);
  }

  /** Pictures that came out of every rung. */
  get pictures(): number {
    return Math.min(...this.#pictures.values());
  }

  /** The report for now; undefined until every rung has delivered a picture. */
  report(nowMs: number): ThroughputReport | undefined {
    if (this.#inMs === undefined || this.#newestOut.size < this.#pictures.size) return undefined;
    const now: Sample = {
      atMs: nowMs,
      inMs: this.#inMs,
      outMs: Math.min(...this.#newestOut.values()),
      pictures: this.pictures,
    };
    while (this.#samples.length > 1 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > WINDOW_MS)
      this.#samples.shift();
    const before = this.#samples[0] ?? now;
    this.#samples.push(now);
    const lagMs = Math.max(0, now.inMs - now.outMs);
    const inputMs = now.inMs - before.inMs;
    const measured = inputMs < MIN_INPUT_MS ? 1 : (now.outMs - before.outMs) / inputMs;
    const elapsedMs = now.atMs - before.atMs;
    return {
      speed: lagMs <= NORMAL_LAG_MS ? Math.max(1, measured) : measured,
      lagMs,
      fps: elapsedMs <= 0 ? 0 : ((now.pictures - before.pictures) * 1000) / elapsedMs,
    };
  }
}
