/** Seconds to wait before each attempt after a loss: at once, then with growing patience. */
const STEPS_SEC = [0, 0.5, 1, 2, 4, 5] as const;

/** Delay before attempt number `attempt` (0 = the first after the loss), in ms. A server's `Retry-After` can only make it longer. */
export function reconnectDelayMs(attempt: number, retryAfterMs = 0): number {
  const stepSec = STEPS_SEC[Math.min(attempt, STEPS_SEC.length - 1)] ?? 5;
  return Math.max(stepSec * 1000, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

/** No server's word holds a publisher off for longer than this: its viewers wait. */
const MAX_RETRY_AFTER_MS = 10_000;
