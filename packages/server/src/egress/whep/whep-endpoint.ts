import { AddressPlaces } from '../../http/address-places.ts';
import { AddressRate } from '../../http/address-rate.ts';
import { bearerToken } from '../../http/bearer-token.ts';
import { checkOffer } from '../../http/check-offer.ts';
import { ANY_ORIGIN, EXPOSED_HEADERS } from '../../http/cors.ts';
import { HttpError } from '../../http/http-error.ts';
import type { HttpRequest } from '../../http/http-request.ts';
import type { IceServerSource } from '../../http/ice-server-source.ts';
import {
  offerCredentials,
  offerRefused,
  readOffer,
  respondAnswer,
  respondEndpointOptions,
  respondSessionOptions,
  takeTrickle,
} from '../../http/offer-answer.ts';
import { respond } from '../../http/respond.ts';
import type { RouteParams } from '../../http/route-pattern.ts';
import { type RequestHandler, Router, type RouteTarget } from '../../http/router.ts';
import type { OriginResponse } from '../../origin/exchange.ts';
import { isUrlId } from '../../origin/path.ts';
import { isGone } from '../../origin/reply.ts';
import type { ViewerAuthorizer } from '../../packager/presentation.ts';
import type { Logger } from '../../platform/logger.ts';
import { type RtcGateway, RtcRefusedError, type RtcSession } from '../../rtc-worker/rtc-gateway.ts';
import { DEFAULT_WHEP_LIMITS, type WhepLimits } from './whep-limits.ts';
import { WhepSession } from './whep-session.ts';
import type { WhepFeed, WhepSource } from './whep-source.ts';

/** What a WHEP endpoint is made of. */
export interface WhepOptions {
  readonly gateway: RtcGateway;
  readonly source: WhepSource;
  readonly authorizer: ViewerAuthorizer;
  readonly iceServers: IceServerSource;
  readonly log: Logger;
  /** What differs from `DEFAULT_WHEP_LIMITS`. */
  readonly limits?: Partial<WhepLimits>;
  /** The client's address as limits and the authorizer see it. */
  readonly clientAddress: (request: HttpRequest) => string;
}

/**
 * WHEP (draft-ietf-wish-whep): `POST /whep/:streamId` takes a viewer's offer; the session that comes of it is
 * `/whep/:streamId/:session`. A session's URL is its own key: it holds 128 random bits.
 */
export class WhepEndpoint implements RequestHandler {
  readonly #options: WhepOptions;
  readonly #limits: WhepLimits;
  readonly #router: Router;
  readonly #posts: AddressRate;
  readonly #connecting: AddressPlaces;
  readonly #watching: AddressPlaces;
  readonly #sessions = new Map<string, WhepSession>();
  readonly #stopListening: (() => void) | undefined;
  /** Places that are taken: by the sessions in the list, and by those that are being opened. */
  #taken = 0;
  #closed = false;

  constructor(options: WhepOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_WHEP_LIMITS, ...options.limits };
    this.#posts = new AddressRate(this.#limits.maxPostsPerMinute);
    this.#connecting = new AddressPlaces(this.#limits.maxConnectingPerAddress);
    this.#watching = new AddressPlaces(this.#limits.maxViewersPerAddress);
    this.#stopListening = options.authorizer.onRevoked?.((streamId, mayStay) => {
      for (const session of this.#sessions.values()) {
        if (session.streamId === streamId && !mayStay(session.token)) session.end();
      }
    });
    this.#router = new Router(options.log)
      .on('OPTIONS', '/whep/:streamId', (request, response) =>
        respondEndpointOptions(request, response, options.iceServers),
      )
      .on('POST', '/whep/:streamId', (request, response, target) => this.#post(request, response, target))
      .on('OPTIONS', '/whep/:streamId/:session', (_, response) => respondSessionOptions(response))
      .on('PATCH', '/whep/:streamId/:session', async (request, response, { params }) => {
        await takeTrickle(request, this.#sessionOf(params));
        respond(response, 204, [...ANY_ORIGIN, ...EXPOSED_HEADERS]);
      })
      .on('DELETE', '/whep/:streamId/:session', (_, response, { params }) => {
        this.#sessionOf(params).end();
        respond(response, 200, [...ANY_ORIGIN, ...EXPOSED_HEADERS, 'Content-Length', '0']);
      });
  }

  /** Viewers' sessions now, of all streams, connected or not. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Viewers of a stream to whom media flows. */
  viewers(streamId: string): number {
    let count = 0;
    for (const session of this.#sessions.values()) {
      if (session.streamId === streamId && session.connected) count++;
    }
    return count;
  }

  handle(request: HttpRequest, response: OriginResponse): boolean {
    return this.#router.handle(request, response);
  }

  /** Ends every session and refuses new ones. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#stopListening?.();
    for (const session of this.#sessions.values()) session.end();
  }

  async #post(request: HttpRequest, response: OriginResponse, target: RouteTarget): Promise<void> {
    const streamId = target.params['streamId'] ?? '';
    const address = this.#options.clientAddress(request);
    await this.#posts.count(address);
    const token = await this.#authorise(request, streamId, address, target.query);
    this.#requireLive(this.#options.source.status(streamId));
    this.#requirePlace();
    const connected = this.#connecting.take(address);
    if (connected === undefined) {
      throw new HttpError(429, 'TOO_MANY_SESSIONS', 'too many sessions of this address are connecting', [
        'Retry-After',
        '5',
      ]);
    }
    let left: (() => void) | undefined;
    let freed: (() => void) | undefined;
    try {
      const offer = await readOffer(request, {
        maxBytes: this.#limits.maxOfferBytes,
        timeoutMs: this.#limits.offerTimeoutMs,
      });
      checkOffer(offer);
      // Only now: offers that are sent slowly take no places from others.
      freed = this.#takePlace();
      left = this.#watching.take(address);
      if (left === undefined) throw full('all places of this address are taken, watch by LL-HLS');
      await this.#watch(response, { streamId, address, token, offer, connected, left, freed });
    } catch (error) {
      connected();
      left?.();
      freed?.();
      throw error;
    }
  }

  #requirePlace(): void {
    if (this.#taken >= this.#limits.maxViewers) throw full();
  }

  /** Takes one of all places; returns how to give it back, which is idempotent. Throws `HttpError` 503 when there is none. */
  #takePlace(): () => void {
    this.#requirePlace();
    this.#taken++;
    let held = true;
    return () => {
      if (held) this.#taken--;
      held = false;
    };
  }

  async #watch(
    response: OriginResponse,
    viewer: {
      readonly streamId: string;
      readonly address: string;
      readonly token: string | undefined;
      readonly offer: string;
      /** Give back the places among those that connect, among the address's viewers, and among all. */
      readonly connected: () => void;
      readonly left: () => void;
      readonly freed: () => void;
    },
  ): Promise<void> {
    const { streamId, address, token, offer, connected, left, freed } = viewer;
    let id: string | undefined;
    const session = new WhepSession({
      streamId,
      token,
      offerCredentials: offerCredentials(offer),
      onConnected: connected,
      onEnded: (reason) => {
        connected();
        left();
        freed();
        if (id !== undefined) this.#sessions.delete(id);
        this.#options.log.debug({ streamId, reason }, 'WebRTC viewer left');
      },
    });
    const rtc = await this.#open(streamId, offer, session);
    // The offer was read and answered meanwhile: the right may be gone, and only sessions in the list hear of that. Nothing is awaited after this.
    try {
      await this.#decide(streamId, address, token);
    } catch (error) {
      session.end();
      throw error;
    }
    // The client went away, or the worker or the stream did.
    if (this.#closed || isGone(response) || session.ended) {
      session.end();
      throw offerRefused({ reason: 'unavailable', message: 'the session ended before it began' });
    }
    id = rtc.id;
    this.#sessions.set(id, session);
    respondAnswer(response, rtc, `/whep/${streamId}/${id}`, this.#options.iceServers);
  }

  async #open(streamId: string, offer: string, session: WhepSession): Promise<RtcSession> {
    // Not before: a feed may cost an encoder, which no request gets that is refused anyway.
    const { feed, settle } = this.#requireLive(this.#options.source.open(streamId));
    let answered = false;
    try {
      const rtc = await this.#options.gateway.openEgress({ feed, offer, listener: session });
      answered = true;
      session.answered(rtc);
      return rtc;
    } catch (error) {
      if (!(error instanceof RtcRefusedError)) throw error;
      throw error.reason === 'too-many' ? full() : offerRefused(error);
    } finally {
      settle(answered);
    }
  }

  /** The token that lets the viewer in; undefined where none was given or asked for. */
  async #authorise(
    request: HttpRequest,
    streamId: string,
    address: string,
    query: string,
  ): Promise<string | undefined> {
    if (!isUrlId(streamId)) throw notLive();
    const token = new URLSearchParams(query).get('token') ?? bearerToken(request);
    await this.#decide(streamId, address, token);
    return token;
  }

  async #decide(streamId: string, address: string, token: string | undefined): Promise<void> {
    const decision = await this.#options.authorizer.authorize({
      streamId,
      address,
      ...(token === undefined ? {} : { token }),
    });
    if (decision === 'absent') throw notLive();
    if (decision !== 'denied') return;
    if (token !== undefined)
      throw new HttpError(403, 'TOKEN_REFUSED', 'this token does not open this stream');
    throw new HttpError(401, 'TOKEN_MISSING', 'this stream needs a token', ['WWW-Authenticate', 'Bearer']);
  }

  #requireLive<T extends WhepFeed | 'live'>(found: T | 'not-live' | 'unavailable'): T {
    if (found === 'not-live') throw notLive();
    if (found === 'unavailable') {
      // Not 406, which a player that is in use takes for «without sound, perhaps?»: it would ask again for ever.
      throw new HttpError(
        422,
        'WHEP_UNAVAILABLE',
        'this stream has nothing that WebRTC can show, watch it by LL-HLS',
      );
    }
    return found;
  }

  #sessionOf(params: RouteParams): WhepSession {
    const session = this.#sessions.get(params['session'] ?? '');
    if (session === undefined || session.streamId !== params['streamId']) {
      throw new HttpError(404, 'SESSION_UNKNOWN', 'there is no such session');
    }
    return session;
  }
}

function notLive(): HttpError {
  return new HttpError(404, 'NOT_LIVE', 'there is no such stream now');
}

function full(message = 'all places with ultra-low latency are taken, watch by LL-HLS'): HttpError {
  return new HttpError(503, 'WHEP_FULL', message, ['Retry-After', '30']);
}
