import { readSdp } from '@tallylight/media/sdp/read-sdp.ts';

/** Which tracks an answer of ours takes from the publisher. */
export function announcedTracks(answer: string): { readonly video: boolean; readonly audio: boolean } {
  const kinds = new Set(
    readSdp(answer)
      // A section that shares another's transport may have port 0 in an offer only (RFC 8843 §6); in an answer it is refused.
      .media.filter(
        ({ port, direction }) => port !== 0 && (direction === 'recvonly' || direction === 'sendrecv'),
      )
      .map(({ kind }) => kind),
  );
  return { video: kinds.has('video'), audio: kinds.has('audio') };
}
