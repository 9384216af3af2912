import { liveError } from '@tallylight/protocol/errors.ts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { AccountsLimits } from './accounts-limits.ts';

const MINUTE = 60;
const HOUR = 3600;

/** What is counted. `none` counts against the address only, generously. */
export type Attempt = 'login' | 'reset' | 'sign-up' | 'guest' | 'other';

/**
 * Counts tries by the address that the server saw and by the account that is meant. Neither can be chosen freely: the address comes from
 * the connection or a trusted proxy, and whoever varies the account runs into the limit of the address first.
 */
export class AttemptLimits {
  readonly #byAddress: ReadonlyMap<Attempt, RateLimiterMemory>;
  readonly #byAccount: ReadonlyMap<Attempt, RateLimiterMemory>;

  constructor(limits: AccountsLimits) {
    this.#byAddress = new Map([
      ['login', window(limits.loginPerAddressPerMinute, MINUTE)],
      ['reset', window(limits.resetPerHour, HOUR)],
      ['sign-up', window(limits.signUpPerAddressPerHour, HOUR)],
      ['guest', window(limits.guestsPerAddressPerHour, HOUR)],
      ['other', window(limits.otherPerAddressPerMinute, MINUTE)],
    ]);
    this.#byAccount = new Map([
      ['login', window(limits.loginPerAccountPerMinute, MINUTE)],
      ['reset', window(limits.resetPerHour, HOUR)],
    ]);
  }

  /** Counts one more; throws RATE_LIMITED, with `retryAfterSeconds`, when there were enough. */
  async byAddress(attempt: Attempt, address: string): Promise<void> {
    await take(this.#byAddress.get(attempt), address);
  }

  /** As {@link byAddress}, for the account; attempts that are not limited by account pass. */
  async byAccount(attempt: Attempt, account: string): Promise<void> {
    await take(this.#byAccount.get(attempt), account);
  }

  /** Who got in may fail again as often as before: an owner who mistypes is not locked out by having signed in. */
  async succeeded(attempt: Attempt, account: string): Promise<void> {
    await this.#byAccount.get(attempt)?.delete(account);
  }
}

function window(points: number, seconds: number): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: seconds });
}

async function take(limiter: RateLimiterMemory | undefined, key: string): Promise<void> {
  try {
    await limiter?.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw liveError('RATE_LIMITED', `Too many tries. Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    });
  }
}
