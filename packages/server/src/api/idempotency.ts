import { createHash } from 'node:crypto';
import { liveError } from '@tallylight/protocol/errors.ts';

/** Names one request that must be done once: keys of different people, and of different operations, have nothing to do with each other. */
export interface OnceKey {
  readonly userId: string;
  readonly operation: string;
  /** As the client sent it. */
  readonly key: string;
}

/** An answer that is given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What a store knows of a key: nothing before this claim; that the request is under way; its answer; or that it was another request. */
export type Claim = 'claimed' | 'under-way' | 'other-request' | KeptAnswer;

/** Port: where answers are kept, across restarts. */
export interface AnswerStore {
  /** Takes the key for a request, told apart from others by its hash. */
  claim(key: OnceKey, requestHash: string): Promise<Claim>;
  /** Keeps the answer of a claimed request. */
  keep(key: OnceKey, answer: KeptAnswer): Promise<void>;
  /** Gives a claimed key back: the request failed and may be tried again. */
  release(key: OnceKey): Promise<void>;
}

/** How long a second request waits for the answer of the first, in milliseconds. */
const WAIT_MS = 5000;
const POLL_MS = 100;

/** Does what has the same `Idempotency-Key` once, and answers the same each time. */
export class Idempotency {
  readonly #store: AnswerStore;

  constructor(store: AnswerStore) {
    this.#store = store;
  }

  /**
   * Runs `work` unless it was run. Rejects with INVALID_REQUEST for a key that is none, IDEMPOTENCY_MISMATCH when it came with another
   * request, CONFLICT when the first is still under way after five seconds, and with what `work` rejects with.
   */
  async once(key: OnceKey, request: unknown, work: () => Promise<KeptAnswer>): Promise<KeptAnswer> {
    if (!/^[\x21-\x7e]{1,128}$/.test(key.key)) {
      throw liveError('INVALID_REQUEST', 'Idempotency-Key must have 1 to 128 visible ASCII characters');
    }
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const until = performance.now() + WAIT_MS;
    for (;;) {
      const claim = await this.#store.claim(key, hash);
      if (claim === 'claimed') return this.#run(key, work);
      if (claim === 'other-request') {
        throw liveError('IDEMPOTENCY_MISMATCH', `Idempotency-Key ${key.key} was used for another request`);
      }
      if (claim !== 'under-way') return claim;
      if (performance.now() >= until) {
        throw liveError('CONFLICT', 'the same request is still under way', { retryAfterSeconds: 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #run(key: OnceKey, work: () => Promise<KeptAnswer>): Promise<KeptAnswer> {
    let answer: KeptAnswer;
    try {
      answer = await work();
    } catch (error) {
      await this.#store.release(key);
      throw error;
    }
    await this.#store.keep(key, answer);
    return answer;
  }
}
