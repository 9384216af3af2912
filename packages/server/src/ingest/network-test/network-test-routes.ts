import { SDP_LIMITS } from '@tallylight/media/sdp/sdp-limits.ts';
import { AddressPlaces } from '../../http/address-places.ts';
import { AddressRate } from '../../http/address-rate.ts';
import { checkOffer } from '../../http/check-offer.ts';
import { ANY_ORIGIN } from '../../http/cors.ts';
import { HttpError } from '../../http/http-error.ts';
import type { HttpRequest } from '../../http/http-request.ts';
import type { IceServerSource } from '../../http/ice-server-source.ts';
import { offerRefused, readOffer, respondAnswer } from '../../http/offer-answer.ts';
import { discardBody } from '../../http/read-body.ts';
import { respond, respondJson } from '../../http/respond.ts';
import { Router } from '../../http/router.ts';
import type { OriginResponse } from '../../origin/exchange.ts';
import { isGone } from '../../origin/reply.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type RtcCloseReason, type RtcGateway, RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';

/** What the server knows of its own reachability. */
export interface NetworkFacts {
  readonly udpPort: number;
  /** Addresses in the candidates of our answers. */
  readonly addresses: readonly string[];
  readonly stunConfigured: boolean;
  readonly turnConfigured: boolean;
}

/** What a network test lets its clients do. */
export interface NetworkTestLimits {
  /** Largest upload in bytes. Default 4 MiB. */
  readonly maxUploadBytes: number;
  /** Longest upload in milliseconds. Default 20,000. */
  readonly uploadTimeoutMs: number;
  /** Uploads at the same time, in all. Default 8. */
  readonly maxUploads: number;
  /** Probes that count as open at the same time, in all. Default 50. */
  readonly maxProbes: number;
  /** Uploads or probes of one address at the same time. Default 3. */
  readonly maxPerAddress: number;
  /** Probes that one address may ask for in a minute. Default 60. */
  readonly maxProbesPerMinute: number;
  /** Longest offer of a data channel, in bytes; longer is 413. Default 64 KiB. */
  readonly maxOfferBytes: number;
  /** Whole offer within so many milliseconds, else 408. Default 10,000. */
  readonly offerTimeoutMs: number;
  /** How long a probe that does not end before counts as open, in milliseconds: as long as the gateway keeps it. Default 15,000. */
  readonly probeLifeMs: number;
}

/** The limits of a test that was given none. */
export const DEFAULT_NETWORK_TEST_LIMITS: NetworkTestLimits = {
  maxUploadBytes: 4 << 20,
  uploadTimeoutMs: 20_000,
  maxUploads: 8,
  maxProbes: 50,
  maxPerAddress: 3,
  maxProbesPerMinute: 60,
  maxOfferBytes: SDP_LIMITS.length,
  offerTimeoutMs: 10_000,
  probeLifeMs: 15_000,
};

/** What the network test is made of. */
export interface NetworkTestOptions {
  readonly facts: () => NetworkFacts;
  readonly gateway: Pick<RtcGateway, 'openProbe'>;
  readonly iceServers: IceServerSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<NetworkTestLimits>;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: HttpRequest) => string;
}

/**
 * `GET /api/network-test`: what the server knows. `POST …/probe`: answers the offer of a data channel that echoes, and
 * `DELETE …/probe/:session` ends it. `POST …/upload`: takes bytes and says how long they took.
 */
export function networkTestRoutes(options: NetworkTestOptions): Router {
  const test = new NetworkTest(options);
  return new Router(options.log)
    .get('/api/network-test', (_request, response) => respondJson(response, options.facts()))
    .on('POST', '/api/network-test/probe', (request, response) => test.probe(request, response))
    .on('DELETE', '/api/network-test/probe/:session', (_, response, { params }) => {
      test.end(params['session'] ?? '');
      respond(response, 200, [...ANY_ORIGIN, 'Content-Length', '0']);
    })
    .on('POST', '/api/network-test/upload', (request, response) => test.upload(request, response));
}

class NetworkTest {
  readonly #options: NetworkTestOptions;
  readonly #limits: NetworkTestLimits;
  readonly #probes: AddressPlaces;
  readonly #probeRate: AddressRate;
  readonly #uploads: AddressPlaces;
  /** How to end each probe that counts as open, by its id. */
  readonly #open = new Map<string, () => void>();
  #uploading = 0;
  #probing = 0;

  constructor(options: NetworkTestOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_NETWORK_TEST_LIMITS, ...options.limits };
    this.#probes = new AddressPlaces(this.#limits.maxPerAddress);
    this.#probeRate = new AddressRate(this.#limits.maxProbesPerMinute);
    this.#uploads = new AddressPlaces(this.#limits.maxPerAddress);
  }

  async probe(request: HttpRequest, response: OriginResponse): Promise<void> {
    const address = this.#options.clientAddress(request);
    await this.#probeRate.count(address);
    const place = this.#probes.take(address);
    if (place === undefined || this.#probing >= this.#limits.maxProbes) {
      place?.();
      throw tooMany();
    }
    this.#probing++;
    let counted = true;
    const release = (): void => {
      if (!counted) return;
      counted = false;
      this.#probing--;
      place();
    };
    try {
      const { maxOfferBytes: maxBytes, offerTimeoutMs: timeoutMs, probeLifeMs } = this.#limits;
      const offer = await readOffer(request, { maxBytes, timeoutMs });
      checkOffer(offer);
      const ended = Promise.withResolvers<RtcCloseReason>();
      const session = await this.#options.gateway.openProbe({ offer, onClosed: ended.resolve });
      const { id } = session;
      const over = (): void => {
        clearTimeout(timer);
        this.#open.delete(id);
        release();
      };
      // By then the gateway has closed it itself.
      const timer = setTimeout(over, probeLifeMs).unref();
      this.#open.set(id, () => {
        over();
        session.close();
      });
      void ended.promise.then((reason) => {
        // One that sent too much keeps its place until the timer: else it would be there again at once.
        if (reason === 'protocol-error') this.#open.delete(id);
        else over();
      });
      if (isGone(response)) this.#open.get(id)?.();
      else respondAnswer(response, session, `/api/network-test/probe/${id}`, this.#options.iceServers);
    } catch (error) {
      release();
      throw error instanceof RtcRefusedError ? offerRefused(error) : error;
    }
  }

  /** Ends a probe, so that its address has the place again. Throws `HttpError` 404 when there is none of that id. */
  end(id: string): void {
    const end = this.#open.get(id);
    if (end === undefined) throw new HttpError(404, 'SESSION_UNKNOWN', 'there is no such probe');
    end();
  }

  async upload(request: HttpRequest, response: OriginResponse): Promise<void> {
    const release = this.#uploads.take(this.#options.clientAddress(request));
    if (release === undefined || this.#uploading >= this.#limits.maxUploads) {
      release?.();
      throw tooMany();
    }
    this.#uploading++;
    try {
      const startedMs = this.#options.clock.monotonicMs();
      const { maxUploadBytes: maxBytes, uploadTimeoutMs: timeoutMs } = this.#limits;
      const bytes = await discardBody(request, { maxBytes, timeoutMs });
      respondJson(response, { bytes, ms: Math.round(this.#options.clock.monotonicMs() - startedMs) });
    } finally {
      this.#uploading--;
      release();
    }
  }
}

function tooMany(): HttpError {
  return new HttpError(429, 'TOO_MANY_TESTS', 'too many network tests are under way, try again soon', [
    'Retry-After',
    '5',
  ]);
}
