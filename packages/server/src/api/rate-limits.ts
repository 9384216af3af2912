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

  /**
   * Counts one request. Rejects with RATE_LIMITED, which tells how long to wait.
   * @param isForwarded the request came through a proxy, so that even from this machine it is somebody else's.
   */
  async count(actor: Actor, address: string, isForwarded: boolean): Promise<RateHeaders> {
    if (actor.userId !== undefined) return take(this.#users, actor.userId);
    return this.isExempt(address, isForwarded) ? {} : take(this.#addresses, address);
  }

  /** True for this machine's own requests, where these are not counted. */
  isExempt(address: string, isForwarded: boolean): boolean {
    return this.#exemptLoopback && !isForwarded && isLoopback(address);
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<RateHeaders> {
  try {
    return headersOf(limiter, await limiter.consume(key));
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw refusal(limiter, error);
  }
}

/** Throws RATE_LIMITED when a key's budget, as `limiter.get` told it, is used up; takes nothing. */
export function refuseEmpty(limiter: RateLimiterMemory, taken: RateLimiterRes | null): void {
  if (taken !== null && taken.consumedPoints >= limiter.points) throw refusal(limiter, taken);
}

function refusal(limiter: RateLimiterMemory, { msBeforeNext }: RateLimiterRes): Error {
  const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return liveError('RATE_LIMITED', `too many requests, try again in ${retryAfterSeconds} s`, {
    retryAfterSeconds,
    limit: limiter.points,
  });
}

function headersOf(limiter: RateLimiterMemory, taken: RateLimiterRes): RateHeaders {
  return {
    'RateLimit-Limit': String(limiter.points),
    'RateLimit-Remaining': String(taken.remainingPoints),
    'RateLimit-Reset': String(Math.ceil(taken.msBeforeNext / 1000)),
  };
}
