import { liveError } from '@tallylight/protocol/errors.ts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { isLoopback } from '../http/address.ts';
import type { Actor } from './actor.ts';
import type { ApiLimits } from './api-limits.ts';

/** Headers of an answer that was counted; empty for one that was not. */
export type RateHeaders = Readonly<Record<string, string>>;

/** Requests of each user, and of each address from which nobody signed in, in a minute. No key is the client's own choice. */
export class RateLimits {
  readonly #users: RateLimiterMemory;
  readonly #addresses: RateLimiterMemory;
  readonly #exemptLoopback: boolean;

  constructor(
    limits: Pick<ApiLimits, 'userRequestsPerMinute' | 'anonymousRequestsPerMinute' | 'exemptLoopback'>,
  ) {
    this.#users = new RateLimiterMemory({ points: limits.userRequestsPerMinute, duration: 60 });
    this.#addresses = new RateLimiterMemory({ points: limits.anonymousRequestsPerMinute, duration: 60 });
    this.#exemptLoopback = limits.exemptLoopback;
  }

  /** Counts one request. Rejects with RATE_LIMITED, which tells how long to wait. */
  async count(actor: Actor, address: string): Promise<RateHeaders> {
    if (actor.userId !== undefined) return take(this.#users, actor.userId);
    if (this.#exemptLoopback && isLoopback(address)) return {};
    return take(this.#addresses, address);
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<RateHeaders> {
  try {
    return headersOf(limiter, await limiter.consume(key));
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    throw liveError('RATE_LIMITED', `too many requests, try again in ${retryAfterSeconds} s`, {
      retryAfterSeconds,
      limit: limiter.points,
    });
  }
}

function headersOf(limiter: RateLimiterMemory, taken: RateLimiterRes): RateHeaders {
  return {
    'RateLimit-Limit': String(limiter.points),
    'RateLimit-Remaining': String(taken.remainingPoints),
    'RateLimit-Reset': String(Math.ceil(taken.msBeforeNext / 1000)),
  };
}
