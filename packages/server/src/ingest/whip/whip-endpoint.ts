import { AddressPlaces } from '../../http/address-places.ts';
import { checkOffer } from '../../http/check-offer.ts';
import { clientPeer } from '../../http/client-peer.ts';
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
import { type RequestHandler, Router } from '../../http/router.ts';
import type { OriginResponse } from '../../origin/exchange.ts';
import { isGone } from '../../origin/reply.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type RtcGateway, type RtcIngestSession, RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';
import { type PublishTarget, StreamBusyError } from '../../stream/publisher.ts';
import { limitsOf } from '../../stream/stream-limits.ts';
import { logRefusal, type PublisherDoor } from '../publisher-door.ts';
import { announcedTracks } from './announced-tracks.ts';
import { DEFAULT_WHIP_LIMITS, type WhipLimits } from './whip-limits.ts';
import { WhipSession } from './whip-session.ts';

/** What a WHIP endpoint is made of. */
export interface WhipOptions {
  readonly gateway: RtcGateway;
  readonly target: PublishTarget;
  readonly door: PublisherDoor;
  readonly iceServers: IceServerSource;
  readonly clock: Clock;
  readonly log: Logger;
  /** What differs from `DEFAULT_WHIP_LIMITS`. */
  readonly limits?: Partial<WhipLimits>;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: HttpRequest) => string;
}

/** What every step of a request knows of the client. */
interface Client {
  readonly protocol: 'whip';
  readonly address: string;
  readonly peer: string;
}

/**
 * WHIP (RFC 9725): `POST /whip` and `POST /api/streams/:id/whip` take an offer with the stream key as bearer token; the session
 * that comes of it is `/whip/:session`. Keys and descriptions are never logged.
 */
export class WhipEndpoint implements RequestHandler {
  readonly #options: WhipOptions;
  readonly #limits: WhipLimits;
  readonly #router: Router;
  readonly #places: AddressPlaces;
  readonly #sessions = new Map<string, WhipSession>();
  #closed = false;

  constructor(options: WhipOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_WHIP_LIMITS, ...options.limits };
    this.#places = new AddressPlaces(this.#limits.maxSessionsPerAddress);
    this.#router = new Router(options.log)
      .on('OPTIONS', '/whip', (request, response) =>
        respondEndpointOptions(request, response, options.iceServers),
      )
      .on('POST', '/whip', (request, response) => this.#post(request, response))
      .on('OPTIONS', '/api/streams/:id/whip', (request, response) =>
        respondEndpointOptions(request, response, options.iceServers),
      )
      .on('POST', '/api/streams/:id/whip', (request, response, { params }) =>
        this.#post(request, response, params['id']),
      )
      .on('OPTIONS', '/whip/:session', (_, response) => respondSessionOptions(response))
      .on('PATCH', '/whip/:session', (request, response, { params }) =>
        this.#patch(request, response, params['session'] ?? ''),
      )
      .on('DELETE', '/whip/:session', (request, response, { params }) =>
        this.#delete(request, response, params['session'] ?? ''),
      );
  }

  /** Publishers' sessions now. */
  get size(): number {
    return this.#sessions.size;
  }

  handle(request: HttpRequest, response: OriginResponse): boolean {
    return this.#router.handle(request, response);
  }

  /** Ends every session and refuses new ones. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.end('server-stopping');
  }

  async #post(request: HttpRequest, response: OriginResponse, streamId?: string): Promise<void> {
    const client = this.#clientOf(request);
    try {
      const admitted = await this.#options.door.admit(request, {
        ...client,
        ...(streamId === undefined ? {} : { streamId }),
      });
      await this.#publish(request, response, client, admitted.streamId);
    } catch (error) {
      if (error instanceof HttpError) logRefusal(this.#options.log, client.peer, error);
      throw error;
    }
  }

  async #publish(
    request: HttpRequest,
    response: OriginResponse,
    client: Client,
    streamId: string,
  ): Promise<void> {
    const { address, peer, protocol } = client;
    const { clock, door, iceServers, log, target } = this.#options;
    const release = this.#places.take(address);
    if (release === undefined) throw tooManySessions(this.#limits.maxSessionsPerAddress);
    let session: WhipSession | undefined;
    try {
      const offer = await readOffer(request, {
        maxBytes: this.#limits.maxOfferBytes,
        timeoutMs: this.#limits.offerTimeoutMs,
      });
      checkOffer(offer);
      let id: string | undefined;
      session = new WhipSession({
        streamId,
        offerCredentials: offerCredentials(offer),
        limits: this.#limits,
        clock,
        log: log.child({ streamId, peer, protocol }),
        onEnded: () => {
          release();
          if (id !== undefined) this.#sessions.delete(id);
        },
      });
      const rtc = await this.#open(offer, session);
      // Offer and answer take seconds, in which a key may be revoked: that ends only who publishes already. Nothing is awaited after this.
      const admitted = await door.admit(request, { ...client, streamId });
      const { keyId, reconnectWindowMs, maxBitrateBps } = admitted;
      if (this.#closed) throw offerRefused({ reason: 'unavailable', message: 'the server is stopping' });
      // The client went away, or the worker did: without an answer there is no publisher.
      if (isGone(response) || session.ended) {
        throw offerRefused({ reason: 'unavailable', message: 'the session ended before it began' });
      }
      const tracks = announcedTracks(rtc.answer);
      const publisher = session;
      const sink = target.publish({
        streamId,
        keyId,
        ...(reconnectWindowMs === undefined ? {} : { reconnectWindowMs }),
        ...limitsOf(admitted),
        protocol,
        peer,
        silentForMs: () => publisher.silentForMs(),
        requestKeyframe: () => rtc.requestKeyframe(),
        evict: (reason) => publisher.end(reason),
      });
      id = rtc.id;
      this.#sessions.set(id, session);
      session.attach(sink, { tracks, maxBitrateBps });
      // A key does not tell a person which stream it is for: the link does.
      respondAnswer(response, rtc, `/whip/${id}`, iceServers, [`</watch/${streamId}>; rel="alternate"`]);
    } catch (error) {
      session?.end('protocol-error');
      release();
      if (error instanceof StreamBusyError) throw streamBusy(error);
      throw error;
    }
  }

  async #open(offer: string, session: WhipSession): Promise<RtcIngestSession> {
    try {
      const rtc = await this.#options.gateway.openIngest({ offer, listener: session });
      session.answered(rtc);
      return rtc;
    } catch (error) {
      throw error instanceof RtcRefusedError ? offerRefused(error) : error;
    }
  }

  async #patch(request: HttpRequest, response: OriginResponse, id: string): Promise<void> {
    const session = await this.#sessionOf(request, id);
    await takeTrickle(request, session);
    respond(response, 204, [...ANY_ORIGIN, ...EXPOSED_HEADERS]);
  }

  async #delete(request: HttpRequest, response: OriginResponse, id: string): Promise<void> {
    const session = await this.#sessionOf(request, id);
    session.end('unpublished');
    respond(response, 200, [...ANY_ORIGIN, ...EXPOSED_HEADERS, 'Content-Length', '0']);
  }

  /** The session of an id, for a key of its stream. Rejects with `HttpError` 401, 403, 404 or 429. */
  async #sessionOf(request: HttpRequest, id: string): Promise<WhipSession> {
    const { streamId } = await this.#options.door.admit(request, this.#clientOf(request));
    const session = this.#sessions.get(id);
    if (session === undefined) throw new HttpError(404, 'SESSION_UNKNOWN', 'there is no such session');
    if (session.streamId !== streamId) {
      throw new HttpError(403, 'KEY_OF_OTHER_STREAM', 'this key belongs to another stream');
    }
    return session;
  }

  #clientOf(request: HttpRequest): Client {
    const address = this.#options.clientAddress(request);
    return { protocol: 'whip', address, peer: clientPeer(request, address) };
  }
}

function tooManySessions(max: number): HttpError {
  return new HttpError(429, 'TOO_MANY_SESSIONS', `this address has ${max} sessions, more are not taken`, [
    'Retry-After',
    '5',
  ]);
}

/** A page that was loaded anew comes back before its old session fell silent for long enough to be replaced. */
function streamBusy({ silentForMs }: StreamBusyError): HttpError {
  return new HttpError(409, 'STREAM_BUSY', 'another publisher is live on this stream', [
    'Retry-After',
    silentForMs >= 1000 ? '1' : '2',
  ]);
}
