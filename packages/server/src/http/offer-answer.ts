import { readFragment, type SdpFragment } from '@tallylight/media/sdp/read-fragment.ts';
import { SdpError } from '@tallylight/media/sdp/sdp-error.ts';
import type { OriginResponse } from '../origin/exchange.ts';
import { EXPOSED_HEADERS, preflightHeaders } from './cors.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './http-request.ts';
import type { IceServerSource } from './ice-server-source.ts';
import { type BodyLimits, readBody } from './read-body.ts';
import { respond, respondWith } from './respond.ts';

/** Media type of offers and answers. */
const SDP = 'application/sdp';
/** Media type of trickled candidates (RFC 8840 §9). */
const TRICKLE = 'application/trickle-ice-sdpfrag';
/** Longest fragment: RFC 8840 has a candidate a line; twenty of them are 3 kB. */
const FRAGMENT_LIMITS: BodyLimits = { maxBytes: 16_384, timeoutMs: 10_000 };
/** What RFC 9725 §4.2 and §4.3 say of every endpoint that takes offers. */
const ACCEPTS: readonly string[] = ['Accept-Post', SDP];

/** A WebRTC session as its URL sees it. */
export interface AnsweredSession {
  /** Fragment of the answer: the entity tag of this ICE session. */
  readonly iceUfrag: string;
  /** ICE credentials of the offer, as `offerCredentials` gives them; others in a PATCH ask for an ICE restart. */
  readonly offerCredentials: ReadonlySet<string>;
}

/** Reads an offer. Rejects with `HttpError` 415, 413 or 408. */
export async function readOffer(request: HttpRequest, limits: BodyLimits): Promise<string> {
  requireType(request, SDP, ACCEPTS);
  return (await readBody(request, limits)).toString('utf8');
}

/** The ICE user fragments and passwords of all sections of an offer: `ice-ufrag:…`, `ice-pwd:…`. */
export function offerCredentials(sdp: string): ReadonlySet<string> {
  return new Set(
    [...sdp.matchAll(/^a=(ice-(?:ufrag|pwd)):[ \t]*(\S{1,256})\s*$/gm)].map(
      ([, name, value]) => `${name}:${value}`,
    ),
  );
}

/**
 * 201 with the answer, the session's URL, its entity tag and the ICE servers (RFC 9725 §4.2).
 * @param links further values of `Link`.
 */
export function respondAnswer(
  response: OriginResponse,
  session: { readonly answer: string; readonly iceUfrag: string },
  location: string,
  iceServers: IceServerSource,
  links: readonly string[] = [],
): void {
  const { answer, iceUfrag } = session;
  respondWith(response, 201, SDP, answer, [
    ...EXPOSED_HEADERS,
    'Location',
    location,
    'ETag',
    `"${iceUfrag}"`,
    'Accept-Patch',
    TRICKLE,
    ...linkHeader(iceServers, links),
  ]);
}

/** Answers OPTIONS at an endpoint with 200 (RFC 9725 §4.1): what it takes, the ICE servers, and what CORS wants. */
export function respondEndpointOptions(
  request: HttpRequest,
  response: OriginResponse,
  iceServers: IceServerSource,
): void {
  // A browser's own question before it sends what a page wants: nobody reads its answer, so no TURN credentials are made for it.
  const isPreflight = request.headers['access-control-request-method'] !== undefined;
  // PATCH belongs to sessions, but clients look for it here to learn whether candidates may be trickled.
  respond(response, 200, [
    ...preflightHeaders(['POST', 'PATCH', 'DELETE']),
    ...ACCEPTS,
    'Accept-Patch',
    TRICKLE,
    ...(isPreflight ? [] : linkHeader(iceServers)),
    'Content-Length',
    '0',
  ]);
}

/** Answers OPTIONS at a session. */
export function respondSessionOptions(response: OriginResponse): void {
  respond(response, 200, [
    ...preflightHeaders(['PATCH', 'DELETE']),
    'Accept-Patch',
    TRICKLE,
    'Content-Length',
    '0',
  ]);
}

/**
 * Takes trickled candidates (RFC 9725 §4.3.2), and does nothing with them: STUN from the peer tells where it is. Rejects with
 * `HttpError`: 415, 428 without an entity tag, 412 with another session's, 400 for what is no fragment, 422 for an ICE restart, which we have
 * not.
 */
export async function takeTrickle(request: HttpRequest, session: AnsweredSession): Promise<void> {
  requireType(request, TRICKLE, ['Accept-Patch', TRICKLE]);
  const condition = request.headers['if-match'];
  if (condition === undefined) {
    throw new HttpError(428, 'ETAG_REQUIRED', 'send the session’s ETag in If-Match');
  }
  const tags = condition.split(',').map((tag) => tag.trim());
  // RFC 9725 §4.3.3: a restart names no tag, because the ICE session it makes has none yet.
  // Its example has the star in quotes, where RFC 9110 §13.1.1 has it without.
  if (tags.includes('*') || tags.includes('"*"')) throw iceRestart();
  if (!tags.includes(`"${session.iceUfrag}"`)) {
    throw new HttpError(412, 'ETAG_MISMATCH', 'If-Match is not the ETag of this session');
  }
  const { credentials } = fragmentOf((await readBody(request, FRAGMENT_LIMITS)).toString('utf8'));
  // §4.3.3: a new user fragment or a new password, either is a restart.
  if (![...credentials].every((each) => session.offerCredentials.has(each))) throw iceRestart();
}

function fragmentOf(text: string): SdpFragment {
  try {
    return readFragment(text);
  } catch (error) {
    if (error instanceof SdpError) throw new HttpError(400, 'BAD_FRAGMENT', error.message);
    throw error;
  }
}

function iceRestart(): HttpError {
  return new HttpError(422, 'ICE_RESTART', 'this server does not restart ICE: post a new offer');
}

function requireType(request: HttpRequest, wanted: string, headers: readonly string[]): void {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== wanted) throw new HttpError(415, 'MEDIA_TYPE', `the body must be ${wanted}`, headers);
}

function linkHeader(iceServers: IceServerSource, further: readonly string[] = []): readonly string[] {
  const links = [...further, ...iceServers.linkHeaders()];
  return links.length === 0 ? [] : ['Link', links.join(', ')];
}

/** The answer to an offer that the WebRTC side refused. */
export function offerRefused(refusal: {
  readonly reason: 'bad-offer' | 'unavailable' | 'too-many';
  readonly message: string;
}): HttpError {
  const { reason, message } = refusal;
  if (reason === 'bad-offer') return new HttpError(422, 'OFFER_REFUSED', message);
  const code = reason === 'too-many' ? 'RTC_FULL' : 'RTC_UNAVAILABLE';
  // A lost worker is back within a second; a full one takes its time.
  return new HttpError(503, code, message, ['Retry-After', reason === 'too-many' ? '10' : '1']);
}
