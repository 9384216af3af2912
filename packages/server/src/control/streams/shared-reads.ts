import { setTimeout as sleep } from 'node:timers/promises';

/** A read that hangs keeps the next one waiting no longer than this, in milliseconds. */
const WAIT_AT_MOST_MS = 50;

/**
 * Reads whose answer is the same for everybody, of which one at a time is under way for each key: who asks meanwhile shares the next one. So
 * a read always begins after it was asked for, and nobody is told what was before they asked, as a cache would do.
 */
export class SharedReads<T> {
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<T>>();

  /** The answer of a `read` that begins later than this call. Rejects as `read` does. */
  read(key: string, read: () => Promise<T>): Promise<T> {
    const waiting = this.#next.get(key);
    if (waiting !== undefined) return waiting;
    const next = this.#after(key, read);
    this.#next.set(key, next);
    return next;
  }

  async #after(key: string, read: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(key);
    // Whoever comes in this turn of the event loop is served together.
    if (before === undefined) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.race([before, sleep(WAIT_AT_MOST_MS, undefined, { ref: false })]);
    this.#next.delete(key);
    const answer = read();
    const ended = answer.catch(() => undefined);
    this.#underWay.set(key, ended);
    void ended.then(() => {
      if (this.#underWay.get(key) === ended) this.#underWay.delete(key);
    });
    return answer;
  }
}
