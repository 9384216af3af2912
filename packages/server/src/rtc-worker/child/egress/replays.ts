import type { Viewer } from './viewer.ts';

/** At 25 Mbit/s it is 13 packets: fine enough for a router's queue, coarse enough for our timers. */
const INTERVAL_MS = 5;

/** Drives the replays of all viewers by one timer, which runs only while there are some. */
export class Replays {
  readonly #nowMs: () => number;
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Goes on with the viewer's replay until it is through. */
  add(viewer: Viewer): void {
    this.#viewers.add(viewer);
    this.#timer ??= setInterval(() => this.#turn(), INTERVAL_MS);
  }

  /** The viewer is gone; idempotent. */
  remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #turn(): void {
    const nowMs = this.#nowMs();
    for (const viewer of this.#viewers) if (!viewer.replay(nowMs)) this.remove(viewer);
  }
}
