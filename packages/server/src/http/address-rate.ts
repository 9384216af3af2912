import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpError } from './http-error.ts';

/** Counts what each client address asks for in a minute, and refuses more than its share. An address is forgotten with its minute. */
export class AddressRate {
  readonly #asked: RateLimiterMemory;

  constructor(maxPerMinute: number) {
    this.#asked = new RateLimiterMemory({ points: maxPerMinute, duration: 60 });
  }

  /** Counts one request. Rejects with `HttpError` 429 `RATE_LIMITED`, which tells how long to wait. */
  async count(address: string): Promise<void> {
    try {
      await this.#asked.consume(address);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
      throw new HttpError(429, 'RATE_LIMITED', `too many requests, try again in ${seconds} s`, [
        'Retry-After',
        String(seconds),
      ]);
    }
  }
}
