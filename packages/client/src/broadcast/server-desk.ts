import { parseServerHealth, type ServerHealth } from './server-health.ts';

/** How often viewers and warnings are asked for. */
const POLL_MS = 2_000;
/** A server without this API is asked more rarely. */
const ABSENT_POLL_MS = 15_000;
const ANSWER_MS = 5_000;

/** What a server keeps at hand about one stream: its health, and the button that ends it. */
export class ServerDesk {
  readonly #streamUrl: string;
  readonly #ending = new AbortController();

  /** `baseUrl` is any URL of the server; `streamId` names the stream. */
  constructor(baseUrl: string, streamId: string) {
    this.#streamUrl = new URL(`/api/streams/${encodeURIComponent(streamId)}`, baseUrl).href;
  }

  /**
   * Calls `tell` with the health every two seconds, until {@link close}. Failures are silent: the stream does not depend on it. The key
   * is asked for where not everybody may watch.
   */
  async follow(tell: (health: ServerHealth) => void, streamKey?: string): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      let waitMs = POLL_MS;
      try {
        const response = await fetch(`${this.#streamUrl}/health`, {
          cache: 'no-store',
          headers: streamKey === undefined ? {} : { Authorization: `Bearer ${streamKey}` },
          signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        });
        const health = response.ok ? parseServerHealth(await response.json()) : undefined;
        if (health === undefined) {
          waitMs = response.status === 404 ? ABSENT_POLL_MS : POLL_MS;
        } else if (!this.#ending.signal.aborted) {
          tell(health);
        }
      } catch {
        // The next answer counts.
      }
      await pause(waitMs, signal);
    }
  }

  /** Ends the stream for its viewers at once; one that is over already is as good. Throws when the server did not do it. */
  async end(streamKey: string): Promise<void> {
    const response = await fetch(`${this.#streamUrl}/end`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${streamKey}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const over = response.status === 404 && (await response.text()).includes('"NOT_LIVE"');
    if (!response.ok && !over) {
      throw new Error(`the server answered ${String(response.status)} to the end of the stream`);
    }
  }

  /** Asks no more. Idempotent. */
  close(): void {
    this.#ending.abort();
  }
}

/** Waits, until the signal aborts at the latest. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) {
      done();
    }
  });
}
