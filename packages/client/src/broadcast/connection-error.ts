import { StreamClientError } from './stream-client-error.ts';
import type { WhipError } from './whip/whip-error.ts';

/** What is being done about a failed connection. */
export type ConnectionOutcome = 'retrying' | 'not-started' | 'given-up';

/** The server did not end the stream when it was asked to. `windowSec` is how long it keeps a stream open, when known. */
export function endError(cause: unknown, windowSec: number | undefined): StreamClientError {
  const stays =
    windowSec === undefined ? 'for a while' : `for up to ${String(Math.ceil(windowSec))} more seconds`;
  return new StreamClientError(
    'CONNECTION_FAILED',
    `The server did not end your stream: it stays open for viewers ${stays}.`,
    { recoverable: false, detail: String(cause) },
  );
}

/** Puts a failed connection into words for the broadcaster; `outcome` says whether it is still being tried. */
export function connectionError(error: WhipError, outcome: ConnectionOutcome): StreamClientError {
  const tail: Readonly<Record<ConnectionOutcome, string>> = {
    retrying: ' Trying again.',
    'not-started': '',
    'given-up': ' Your stream could not be held open, so it ended.',
  };
  return new StreamClientError(
    'CONNECTION_FAILED',
    error.retry ? error.message + tail[outcome] : error.message,
    {
      recoverable: outcome === 'retrying' || error.retry,
      detail: error.detail,
      cause: error,
    },
  );
}
