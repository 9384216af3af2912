import type { LoaderResponse, RetryConfig } from 'hls.js';

/** How often an unanswered request is repeated before the source is looked at anew. */
const UNANSWERED_TRIES = 2;

/**
 * Whether hls.js repeats a failed request by itself. A 5xx at a live edge means "not yet" and is repeated for as long as it comes;
 * no answer at all (a lost network, a killed server) only a little, for what comes back may be another presentation;
 * a 4xx never: the stream is gone, and `SourceProbe` waits for its return.
 */
export function mayRetryInPlace(
  _config: RetryConfig | null | undefined,
  retryCount: number,
  _isTimeout: boolean,
  response: LoaderResponse | undefined,
): boolean {
  const status = response?.code ?? 0;
  if (status >= 500) {
    return true;
  }
  return status === 0 && retryCount < UNANSWERED_TRIES;
}

/** Delay before the next look at a source that is away, in ms: quick at first, then every few seconds for ever. */
export function probeDelayMs(attempt: number): number {
  const steps = [250, 500, 1_000, 1_500, 2_000, 3_000] as const;
  return steps[Math.min(attempt, steps.length - 1)] ?? 3_000;
}
