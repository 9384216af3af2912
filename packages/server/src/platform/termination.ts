import type { Logger } from './logger.ts';

/** Longest drain; whoever supervises us (systemd, Docker) kills after 10 s by custom. */
const drainDeadlineMs = 10_000;

/** Ctrl-C in `npm start` arrives twice, from the terminal and from npm: a second signal this soon is no second wish. */
const echoMs = 1_000;

/**
 * Waits for SIGTERM or SIGINT, then closes in order. Resolves with the exit code: 0 when everything closed in time, 1 when not.
 * A second signal ends the process at once.
 *
 * @param failure an error that it resolves with is a reason to stop, too, with exit code 1.
 */
export async function untilTerminated(
  close: () => Promise<void>,
  log: Logger,
  failure?: Promise<Error | undefined>,
): Promise<number> {
  const failed = new Promise<Error>((resolve) => {
    void failure?.then((error) => {
      if (error !== undefined) resolve(error);
    });
  });
  const reason = await Promise.race([firstSignal(), failed]);
  if (reason instanceof Error) log.error({ error: reason }, reason.message);
  else log.info({ signal: reason }, 'stopping');
  const firstAtMs = performance.now();
  const insist = () => {
    if (performance.now() - firstAtMs > echoMs) process.exit(130);
  };
  process.on('SIGINT', insist);
  process.on('SIGTERM', insist);
  let deadline: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    deadline = setTimeout(resolve, drainDeadlineMs, 'expired');
  });
  try {
    const outcome = await Promise.race([close(), expired]);
    if (outcome !== 'expired') return reason instanceof Error ? 1 : 0;
    log.error({ drainDeadlineMs }, 'could not close everything in time');
    // Something still holds the event loop: it must not hold the process.
    setTimeout(() => process.exit(1), 100).unref();
    return 1;
  } finally {
    clearTimeout(deadline);
    process.removeListener('SIGINT', insist);
    process.removeListener('SIGTERM', insist);
  }
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals) => {
      process.removeListener('SIGINT', heard);
      process.removeListener('SIGTERM', heard);
      resolve(signal);
    };
    process.on('SIGINT', heard);
    process.on('SIGTERM', heard);
  });
}
