import { ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../../../stream/access-unit.ts';
import type { LiveClip } from './live-clip.ts';

/** How often units that are due are written: finer than an audio frame. */
const TURN_MS = 5;

/** Plays a clip over and over in real time, as a stream's reader would give it to a feed. */
export class LiveWriter {
  readonly #clip: LiveClip;
  readonly #write: (unit: AccessUnit) => void;
  readonly #startedMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #fromMs: number;
  #next = 0;
  #round = 0;

  /**
   * Begins at once, at stream time `fromMs`. `aheadMs` of the clip are written at once, as if the stream had been live for so long.
   */
  constructor(clip: LiveClip, write: (unit: AccessUnit) => void, aheadMs = 0, fromMs = 10_000) {
    this.#fromMs = fromMs;
    this.#clip = clip;
    this.#write = write;
    this.#startedMs = performance.now() - aheadMs;
    this.#timer = setInterval(() => this.#turn(), TURN_MS);
    this.#turn();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const { units, durationMs } = this.#clip;
    const elapsedMs = performance.now() - this.#startedMs;
    for (;;) {
      const unit = units[this.#next];
      if (unit === undefined) return;
      const ms = unit.pts + this.#round * durationMs;
      if (ms > elapsedMs) return;
      this.#write({ ...unit, pts: ticks(ms + this.#fromMs), dts: ticks(ms + this.#fromMs) });
      this.#next += 1;
      if (this.#next < units.length) continue;
      this.#next = 0;
      this.#round += 1;
    }
  }
}
