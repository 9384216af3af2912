import { DatabaseUnavailableError } from '../../db/database-error.ts';

/** Bounds of a {@link SignInQueue}. */
export interface SignInQueueLimits {
  /** Hashing a password takes one core for tens of milliseconds, and holds a connection to the database meanwhile. */
  readonly atOnce: number;
  /** More than so many that wait are refused with 503. */
  readonly waiting: number;
}

/** Lets a few in at a time, so that a class that signs up together waits its turn instead of taking every connection. */
export class SignInQueue {
  readonly #limits: SignInQueueLimits;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(limits: SignInQueueLimits) {
    this.#limits = limits;
  }

  /** Does the work when its turn comes. Rejects with `DatabaseUnavailableError` when too many wait already. */
  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#limits.atOnce) {
      if (this.#waiting.length >= this.#limits.waiting)
        throw new DatabaseUnavailableError('too many are signing in at this moment');
      // Whoever leaves hands the place over, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inside++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
