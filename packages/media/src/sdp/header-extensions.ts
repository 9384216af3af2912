import type { HeaderExtension, MediaSection } from './session-description.ts';

/** URIs of the RTP header extensions that we send or read, by the names we give them. */
export const EXTENSION_URIS = {
  /** Number of the packet among all of the transport, for its feedback. */
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** RFC 9143 §15. */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** RFC 8852 §3.1. */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** RFC 8852 §3.2. */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  /** Bounds of the receiver's playout delay, in units of 10 ms. */
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
} as const;

/** A header extension of ours. */
export type ExtensionName = keyof typeof EXTENSION_URIS;

/** The ids that the offer gave to those extensions that we took. */
export type ExtensionIds = Readonly<Partial<Record<ExtensionName, number>>>;

/** The wanted extensions that the section offers. */
export function takeExtensions(
  section: MediaSection,
  wanted: readonly ExtensionName[],
): { readonly ids: ExtensionIds; readonly extensions: readonly HeaderExtension[] } {
  const ids: Partial<Record<ExtensionName, number>> = {};
  const extensions: HeaderExtension[] = [];
  for (const name of wanted) {
    const offered = section.extensions.find(({ uri }) => uri === EXTENSION_URIS[name]);
    if (offered === undefined) continue;
    ids[name] = offered.id;
    extensions.push({ id: offered.id, uri: offered.uri });
  }
  return { ids, extensions };
}
