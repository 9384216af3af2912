/** What came together since it was told last. */
export interface ViewerSum {
  /** How many joined, and the last of them. */
  readonly joined: number;
  readonly lastJoined: string | undefined;
  readonly left: number;
  readonly lastLeft: string | undefined;
}

/** Time for others to come along, for a change after a long rest. */
const FIRST_MS = 50;

/** Sums joins and leaves of a stream, so that there is one broadcast for many of them: soon after a rest, else once an interval. */
export class ViewerSums {
  readonly #everyMs: number;
  readonly #monotonicMs: () => number;
  readonly #tell: (sum: ViewerSum) => void;
  #joined = 0;
  #lastJoined: string | undefined;
  #left = 0;
  #lastLeft: string | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param everyMs shortest time between two calls of `tell`. */
  constructor(everyMs: number, monotonicMs: () => number, tell: (sum: ViewerSum) => void) {
    this.#everyMs = everyMs;
    this.#monotonicMs = monotonicMs;
    this.#tell = tell;
  }

  /** Somebody came. */
  join(viewerId: string): void {
    this.#joined++;
    this.#lastJoined = viewerId;
    this.#schedule();
  }

  /** Somebody went. */
  leave(viewerId: string): void {
    this.#left++;
    this.#lastLeft = viewerId;
    this.#schedule();
  }

  /** Tells no more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(
      () => this.#flush(),
      Math.max(FIRST_MS, this.#toldAtMs + this.#everyMs - this.#monotonicMs()),
    );
  }

  #flush(): void {
    this.#timer = undefined;
    this.#toldAtMs = this.#monotonicMs();
    const sum = {
      joined: this.#joined,
      lastJoined: this.#lastJoined,
      left: this.#left,
      lastLeft: this.#lastLeft,
    };
    this.#joined = 0;
    this.#lastJoined = undefined;
    this.#left = 0;
    this.#lastLeft = undefined;
    this.#tell(sum);
  }
}
