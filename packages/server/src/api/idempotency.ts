import { createHash } from 'node:crypto';
import { liveError, StreamError } from '@tallylight/protocol/errors.ts';

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

/** A key that was taken for a request. */
export interface ClaimedKey {
  /** The id of what the request makes: the same for whoever takes the key over from a run of which nobody knows how it ended. */
  readonly createdId: string;
}

/** What a store knows of a key: that it is the caller's now; that the request is under way; its answer; or that it was another request. */
export type Claim = ClaimedKey | 'under-way' | 'other-request' | KeptAnswer;

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
/** Requests of unknown end that are remembered; of others the store finds out by their age. */
const MAX_UNSETTLED = 10_000;

/** Does what has the same `Idempotency-Key` once, and answers the same each time. */
export class Idempotency {
  readonly #store: AnswerStore;
  /** Claims of ours whose work ended nobody knows how: it may be run again at once, as it makes the same. */
  readonly #unsettled = new Map<string, ClaimedKey & { readonly hash: string }>();

  constructor(store: AnswerStore) {
    this.#store = store;
  }

  /**
   * Runs `work` unless it was run; it is given the id of what it is to make. Rejects with INVALID_REQUEST for a key that is none,
   * IDEMPOTENCY_MISMATCH when it came with another request, CONFLICT when the first is still under way after five seconds, and with what
   * `work` rejects with.
   */
  async once(
    key: OnceKey,
    request: unknown,
    work: (createdId: string) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer> {
    if (!/^[\x21-\x7e]{1,128}$/.test(key.key)) {
      throw liveError('INVALID_REQUEST', 'Idempotency-Key must have 1 to 128 visible ASCII characters');
    }
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const until = performance.now() + WAIT_MS;
    for (;;) {
      const claim = this.#takeUnsettled(key, hash) ?? (await this.#store.claim(key, hash));
      if (claim === 'other-request') {
        throw liveError('IDEMPOTENCY_MISMATCH', `Idempotency-Key ${key.key} was used for another request`);
      }
      if (claim !== 'under-way') {
        return 'createdId' in claim ? this.#run(key, { ...claim, hash }, work) : claim;
      }
      if (performance.now() >= until) {
        throw liveError('CONFLICT', 'the same request is still under way', { retryAfterSeconds: 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #takeUnsettled(key: OnceKey, hash: string): ClaimedKey | 'other-request' | undefined {
    const name = nameOf(key);
    const unsettled = this.#unsettled.get(name);
    if (unsettled === undefined) return undefined;
    if (unsettled.hash !== hash) return 'other-request';
    this.#unsettled.delete(name);
    return unsettled;
  }

  async #run(
    key: OnceKey,
    claim: ClaimedKey & { readonly hash: string },
    work: (createdId: string) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer> {
    let answer: KeptAnswer;
    try {
      answer = await work(claim.createdId);
    } catch (error) {
      // Where it is not known whether the changes took place, another id would make them twice.
      if (!isRefusal(error)) this.#settleLater(key, claim);
      // That the key cannot be given back says less than why the request failed.
      else await this.#store.release(key).catch(() => this.#settleLater(key, claim));
      throw error;
    }
    // It is done: who asks again is told the same by what was made.
    await this.#store.keep(key, answer).catch(() => this.#settleLater(key, claim));
    return answer;
  }

  #settleLater(key: OnceKey, claim: ClaimedKey & { readonly hash: string }): void {
    this.#unsettled.set(nameOf(key), claim);
    for (const oldest of this.#unsettled.keys()) {
      if (this.#unsettled.size <= MAX_UNSETTLED) break;
      this.#unsettled.delete(oldest);
    }
  }
}

function nameOf({ userId, operation, key }: OnceKey): string {
  return JSON.stringify([userId, operation, key]);
}

/** True for an error before which nothing was changed. */
function isRefusal(error: unknown): boolean {
  return error instanceof StreamError && error.statusCode < 500;
}
