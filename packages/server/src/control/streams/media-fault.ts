import type { ErrorCode } from '@tallylight/protocol/error-catalogue.ts';
import type { PublisherEnd } from '../../stream/publisher.ts';

/** What a room is told when its picture stops for another reason than that somebody ended it. */
export interface MediaFault {
  readonly code: ErrorCode;
  /** In words, for viewers and broadcaster alike: nothing of the connection is named. */
  readonly error: string;
}

const FAULTS: ReadonlyMap<PublisherEnd, string> = new Map([
  ['connection-lost', 'The connection of the broadcaster was lost.'],
  ['protocol-error', 'The broadcaster sent what cannot be played, or more than is allowed.'],
  ['revoked', 'The broadcaster may no longer publish here.'],
]);

/** The fault behind a publisher's end; undefined for an end that is in order. */
export function mediaFault(reason: PublisherEnd): MediaFault | undefined {
  const error = FAULTS.get(reason);
  return error === undefined ? undefined : { code: 'STREAM_INGEST_ERROR', error };
}
