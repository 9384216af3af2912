/** A beat from a worker: browsers slow the timers of a page in the background to one a second, and those of workers not. */
export class Ticker {
  readonly #worker = new Worker(new URL('./ticker-worker.ts', import.meta.url), {
    type: 'module',
    name: 'ticker',
  });

  /** Calls `beat` every `intervalMs`. */
  constructor(intervalMs: number, beat: () => void) {
    this.#worker.addEventListener('message', beat);
    this.#worker.postMessage(intervalMs, []);
  }

  /** The last beat was. Idempotent. */
  close(): void {
    this.#worker.terminate();
  }
}
