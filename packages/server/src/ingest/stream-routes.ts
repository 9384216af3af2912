import { bearerToken } from '../http/bearer-token.ts';
import { clientPeer } from '../http/client-peer.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { respondJson } from '../http/respond.ts';
import { pathOf, type RequestHandler, Router } from '../http/router.ts';
import type { Logger } from '../platform/logger.ts';
import type { PublisherHealth } from '../stream/publisher.ts';
import type { StreamLimits } from '../stream/stream-limits.ts';
import { logRefusal, type PublisherDoor } from './publisher-door.ts';

/** A live stream as its broadcaster sees it. */
export interface StreamStatus {
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
  /** Protocol of the publisher; absent while there is none. */
  readonly protocol?: string | undefined;
  /** Absent while nobody publishes, or the protocol does not tell. */
  readonly health?: PublisherHealth | undefined;
  /** What the stream's owner allows its publisher; absent: nothing is bounded. */
  readonly limits?: StreamLimits;
  /** When it went live, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** What the routes of one stream are made of. */
export interface StreamRoutesOptions {
  /** Undefined when the stream is not live. */
  readonly status: (streamId: string) => StreamStatus | undefined;
  /** Who watches now. */
  readonly viewers: (streamId: string) => { readonly whep: number; readonly hls: number };
  /** Ends a stream for its viewers at once; false when it is not live. */
  readonly endStream: (streamId: string) => boolean;
  /** How long a publisher that went away is waited for, in milliseconds. */
  readonly reconnectWindowMs: number;
  readonly door: PublisherDoor;
  /** Who may watch a stream may know how it is. Absent: everybody. */
  readonly mayWatch?: (request: {
    readonly streamId: string;
    readonly address: string;
    readonly token?: string;
  }) => Promise<boolean>;
  /** True: people end streams too, and the handler after this one knows them. Default false: an end without a stream key is 401. */
  readonly peopleEndStreams?: boolean;
  readonly log: Logger;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: HttpRequest) => string;
}

const END_PATH = /^\/api\/streams\/[^/]+\/end$/;
/** What every stream key of ours begins with. */
const KEY_PREFIX = 'live_';

/**
 * `GET /api/streams/:id/health`: how the publisher's connection and media are, who watches, what
 * its owner allows the publisher (`limits`), and for how many seconds a publisher that
 * went away is waited for (`reconnectWindowSec`); of a stream that not everybody may watch, with its watch token (`?token=` or bearer) or
 * its stream key (bearer). `POST /api/streams/:id/end`: ends the stream without that time, for any key of the stream, whatever protocol
 * it publishes by; without a stream key it is the next handler's where people with sessions end their streams.
 */
export function streamRoutes(options: StreamRoutesOptions): RequestHandler {
  const router = new Router(options.log)
    .get('/api/streams/:id/health', async (request, response, { params, query }) => {
      const streamId = params['id'] ?? '';
      const status = options.status(streamId);
      if (status === undefined || !(await mayKnow(options, request, streamId, query))) throw notLive();
      const { whep, hls } = options.viewers(streamId);
      respondJson(response, {
        streamId,
        publishing: status.publishing,
        protocol: status.protocol ?? null,
        health: status.health ?? null,
        limits: status.limits ?? {},
        viewers: { whep, hls, total: whep + hls },
        startedAtMs: Math.round(status.startedAtMs),
        reconnectWindowSec: options.reconnectWindowMs / 1000,
      });
    })
    .on('POST', '/api/streams/:id/end', async (request, response, { params }) => {
      const address = options.clientAddress(request);
      const peer = clientPeer(request, address);
      const streamId = params['id'] ?? '';
      try {
        await options.door.admit(request, { protocol: 'whip', address, peer, streamId });
      } catch (error) {
        if (error instanceof HttpError) logRefusal(options.log, peer, error);
        throw error;
      }
      if (!options.endStream(streamId)) throw notLive();
      options.log.info({ streamId, peer }, 'stream ended by its publisher');
      respondJson(response, { streamId, ended: true });
    });
  return {
    handle: (request, response) => {
      if (options.peopleEndStreams === true && isEndOfSession(request)) return false;
      return router.handle(request, response);
    },
  };
}

/** An end that comes with no stream key, or any other request for that path, such as a preflight. */
function isEndOfSession(request: HttpRequest): boolean {
  if (!END_PATH.test(pathOf(request.url ?? ''))) return false;
  if (request.method === 'POST') return bearerToken(request)?.startsWith(KEY_PREFIX) !== true;
  // What a page of another origin asks before it sends a key.
  const wanted = request.headers['access-control-request-headers'];
  return request.method !== 'OPTIONS' || !/(?:^|,)\s*authorization\s*(?:,|$)/i.test(wanted?.toString() ?? '');
}

async function mayKnow(
  options: StreamRoutesOptions,
  request: HttpRequest,
  streamId: string,
  query: string,
): Promise<boolean> {
  if (options.mayWatch === undefined) return true;
  const address = options.clientAddress(request);
  const bearer = bearerToken(request);
  const token = new URLSearchParams(query).get('token') ?? bearer;
  if (await options.mayWatch({ streamId, address, ...(token === undefined ? {} : { token }) })) return true;
  if (bearer?.startsWith(KEY_PREFIX) !== true) return false;
  const peer = clientPeer(request, address);
  await options.door.admit(request, { protocol: 'whip', address, peer, streamId });
  return true;
}

function notLive(): HttpError {
  return new HttpError(404, 'NOT_LIVE', 'there is no such stream now');
}
