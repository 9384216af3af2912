/** Tells the server's time without trusting the viewer's clock: the least-round-trip sample of several, as NTP does. */

/** What the {@link ServerClock} needs from outside. */
export interface ServerClockPorts {
  /** Asks the server for its time, in ms since 1970. */
  readonly fetchEpochMs: (signal: AbortSignal) => Promise<number>;
  /** A clock that never goes back, in ms. */
  readonly nowMs: () => number;
  /** Calls `callback` once after `delayMs`; returns the function that cancels it. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

interface ClockSample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/** Samples close together at first, then now and then: a quartz drifts by some 6 ms a minute at worst. */
const FIRST_DELAYS_MS = [0, 150, 300, 600, 1200] as const;
const REFRESH_MS = 30_000;
/** Old samples leave, so that drift cannot hide behind one lucky round trip. */
const KEPT_SAMPLES = 8;
const TIMEOUT_MS = 5_000;

/** See the head of this file. */
export class ServerClock {
  readonly #ports: ServerClockPorts;
  readonly #samples: ClockSample[] = [];
  readonly #closing = new AbortController();
  #cancel: (() => void) | undefined;
  #round = 0;

  constructor(ports: ServerClockPorts) {
    this.#ports = ports;
  }

  /** Begins to sample. */
  start(): void {
    this.#schedule();
  }

  /** Server time in ms since 1970; undefined before the first sample. */
  nowEpochMs(): number | undefined {
    const offsetMs = this.offsetMs;
    return offsetMs === undefined ? undefined : this.#ports.nowMs() + offsetMs;
  }

  /** Server time minus the local monotonic clock, in ms, from the sample with the least round trip. */
  get offsetMs(): number | undefined {
    let best: ClockSample | undefined;
    for (const sample of this.#samples) {
      if (best === undefined || sample.roundTripMs < best.roundTripMs) {
        best = sample;
      }
    }
    return best?.offsetMs;
  }

  /** Ends sampling. The last offset stays usable. */
  close(): void {
    this.#closing.abort();
    this.#cancel?.();
  }

  /** Takes one sample now. A failed one is left out: the next comes soon. */
  async sample(): Promise<void> {
    const sentMs = this.#ports.nowMs();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const epochMs = await this.#ports.fetchEpochMs(AbortSignal.any([this.#closing.signal, timeout]));
      const roundTripMs = this.#ports.nowMs() - sentMs;
      if (!Number.isFinite(epochMs)) {
        return;
      }
      this.#samples.push({ offsetMs: epochMs - (sentMs + roundTripMs / 2), roundTripMs });
      if (this.#samples.length > KEPT_SAMPLES) {
        this.#samples.shift();
      }
    } catch {
      // Latency is a read-out: without the server's time it is simply not shown.
    }
  }

  #schedule(): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    const delayMs = FIRST_DELAYS_MS[this.#round] ?? REFRESH_MS;
    this.#round += 1;
    this.#cancel = this.#ports.after(delayMs, () => {
      void this.sample().then(() => {
        this.#schedule();
      });
    });
  }
}

/** The ports of a browser: `GET url` answers `{"epochMs": number}`. */
export function browserClockPorts(url: string): ServerClockPorts {
  return {
    fetchEpochMs: async (signal) => {
      const response = await fetch(url, { cache: 'no-store', signal });
      const body: unknown = await response.json();
      const epochMs =
        typeof body === 'object' && body !== null && 'epochMs' in body ? body.epochMs : undefined;
      return typeof epochMs === 'number' ? epochMs : Number.NaN;
    },
    nowMs: () => performance.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
