import { StreamError } from '@tallylight/protocol/errors.ts';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { refuseEmpty } from './rate-limits.ts';

/** Requests with a token of one address that are looked up at once; others wait for their turn. */
const AT_ONCE = 4;

interface Queue {
  inside: number;
  readonly waiting: (() => void)[];
}

/**
 * Stands before the look-up of tokens, which costs the database: from one address a few at a time, and none for a while after too many
 * that were bad. Those who guess wait for each other, not for the rest of the world.
 */
export class TokenDoor {
  readonly #bad: RateLimiterMemory;
  readonly #queues = new Map<string, Queue>();

  /** @param badPerMinute bad tokens of one address in a minute. */
  constructor(badPerMinute: number) {
    this.#bad = new RateLimiterMemory({ points: badPerMinute, duration: 60 });
  }

  /** Does the look-up. Rejects with RATE_LIMITED after too many bad ones, else as `look` does. */
  async pass<T>(address: string, look: () => Promise<T>): Promise<T> {
    await this.#enter(address);
    try {
      refuseEmpty(this.#bad, await this.#bad.get(address));
      return await look();
    } catch (error) {
      if (error instanceof StreamError && error.code === 'UNAUTHENTICATED') await this.#bad.penalty(address);
      throw error;
    } finally {
      this.#leave(address);
    }
  }

  async #enter(address: string): Promise<void> {
    const queue = this.#queues.get(address) ?? { inside: 0, waiting: [] };
    this.#queues.set(address, queue);
    if (queue.inside < AT_ONCE) queue.inside++;
    else await new Promise<void>((resolve) => queue.waiting.push(resolve));
  }

  #leave(address: string): void {
    const queue = this.#queues.get(address);
    const next = queue?.waiting.shift();
    // The place is handed over.
    if (next !== undefined) next();
    else if (queue !== undefined && --queue.inside === 0) this.#queues.delete(address);
  }
}
