import { performance } from 'node:perf_hooks';

/** Where time comes from, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, may jump with the system's clock. For PDT, logs and names only. */
  now(): number;
  /** Milliseconds that only ever rise, for durations, time-outs and rates. */
  monotonicMs(): number;
}

/** The system's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};
