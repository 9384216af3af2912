import type {
  Presentation,
  PresentationDirectory,
  RenditionFeed,
  ViewDecision,
  ViewerAuthorizer,
} from '../packager/presentation.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { CoarseTimer } from './coarse-timer.ts';
import { DrainWatch } from './drain-watch.ts';
import { channelOf, type Exchange, type OriginRequest, type OriginResponse } from './exchange.ts';
import { HeldRequests } from './held-requests.ts';
import { MediaHandler } from './media-handler.ts';
import { MultivariantHandler } from './multivariant-handler.ts';
import { DEFAULT_ORIGIN_LIMITS, type OriginLimits } from './origin-limits.ts';
import { ORIGIN_PREFIX, type OriginPath, parseOriginPath } from './path.ts';
import { PlaylistHandler } from './playlist-handler.ts';
import { RenditionDesk } from './rendition-desk.ts';
import { Replier } from './reply.ts';
import { ViewerCount } from './viewer-count.ts';

/** What the origin is made of. */
export interface OriginOptions {
  readonly directory: PresentationDirectory;
  readonly authorizer: ViewerAuthorizer;
  readonly clock: Clock;
  readonly log: Logger;
  /** What differs from {@link DEFAULT_ORIGIN_LIMITS}. */
  readonly limits?: Partial<OriginLimits>;
  /** The client's address as limits and the authorizer see it. Default: that of the connection. */
  readonly clientAddress?: (request: OriginRequest) => string;
}

/** Numbers that describe an origin at work. */
export interface OriginStats {
  readonly held: number;
  readonly draining: number;
}

/**
 * The LL-HLS origin: playlists, init sections, segments and parts of every stream in the directory, over `node:http` and
 * `node:http2`'s compatibility API alike.
 */
export class Origin {
  readonly #directory: PresentationDirectory;
  readonly #authorizer: ViewerAuthorizer;
  readonly #log: Logger;
  readonly #clientAddress: (request: OriginRequest) => string;
  readonly #timer: CoarseTimer;
  readonly #drains: DrainWatch;
  readonly #held: HeldRequests;
  readonly #replier: Replier;
  readonly #multivariants: MultivariantHandler;
  readonly #playlists: PlaylistHandler;
  readonly #media: MediaHandler;
  readonly #desks = new WeakMap<RenditionFeed, RenditionDesk>();
  readonly #viewers = new ViewerCount();

  /** Starts nothing: there is no timer until a request waits. */
  constructor(options: OriginOptions) {
    const limits = { ...DEFAULT_ORIGIN_LIMITS, ...options.limits };
    this.#directory = options.directory;
    this.#authorizer = options.authorizer;
    this.#log = options.log;
    this.#clientAddress = options.clientAddress ?? connectionAddress;
    this.#timer = new CoarseTimer(options.clock, limits.tickMs);
    this.#drains = new DrainWatch(this.#timer, limits);
    this.#held = new HeldRequests(this.#timer, options.log, limits);
    this.#replier = new Replier(options.clock, this.#drains);
    this.#multivariants = new MultivariantHandler(this.#replier, this.#held, options.directory, limits);
    this.#playlists = new PlaylistHandler(this.#replier, this.#held, limits);
    this.#media = new MediaHandler(this.#replier, this.#held, limits);
  }

  /** Takes a request for anything below `/hls/` and answers it, now or later. False: not ours, nothing was done. */
  handle(request: OriginRequest, response: OriginResponse): boolean {
    const { method, url } = request;
    if (url === undefined || !url.startsWith(ORIGIN_PREFIX)) return false;
    const address = this.#clientAddress(request);
    const exchange: Exchange = {
      request,
      response,
      address,
      visibility: 'public',
      headOnly: method === 'HEAD',
    };
    try {
      if (method === 'GET' || method === 'HEAD') this.#authorize(exchange, parseOriginPath(url));
      else if (method === 'OPTIONS') this.#replier.sendPreflight(exchange);
      else this.#replier.sendError(exchange, 405, ['Allow', 'GET, HEAD, OPTIONS']);
    } catch (error) {
      this.#fail(exchange, error);
    }
    return true;
  }

  /** Numbers for metrics and tests. */
  stats(): OriginStats {
    return { held: this.#held.size, draining: this.#drains.size };
  }

  /** Who watches a stream by LL-HLS now: distinct clients that asked for a playlist in the last 10 s. */
  viewers(streamId: string): number {
    return this.#viewers.count(streamId, this.#timer.nowMs());
  }

  /** Answers everything that waits with 503 and holds nothing any more. Closing twice is closing once. */
  close(): void {
    this.#held.close();
    this.#timer.close();
  }

  #authorize(exchange: Exchange, path: OriginPath | undefined): void {
    if (path === undefined) {
      this.#replier.sendError(exchange, 404);
      return;
    }
    const { streamId, token } = path;
    const { address } = exchange;
    const decision = this.#authorizer.authorize(
      token === undefined ? { streamId, address } : { streamId, address, token },
    );
    if (typeof decision === 'string') {
      this.#route(exchange, path, decision);
      return;
    }
    decision.then(
      (decided) => {
        try {
          this.#route(exchange, path, decided);
        } catch (error) {
          this.#fail(exchange, error);
        }
      },
      (error: unknown) => this.#fail(exchange, error),
    );
  }

  #route(asked: Exchange, path: OriginPath, decision: ViewDecision): void {
    if (decision === 'absent') {
      this.#replier.sendError(asked, 404);
      return;
    }
    if (decision === 'denied') {
      // RFC 9110 §15.5.2: a 401 MUST say which credentials it wants.
      if (path.token === undefined) this.#replier.sendError(asked, 401, ['WWW-Authenticate', 'Bearer']);
      else this.#replier.sendError(asked, 403);
      return;
    }
    const exchange: Exchange = decision === 'public' ? asked : { ...asked, visibility: 'private' };
    const presentation = this.#directory.presentation(path.streamId);
    if (presentation === undefined) {
      this.#replier.sendError(exchange, 404);
      return;
    }
    if (path.kind === 'multivariant') {
      this.#multivariants.serve(exchange, presentation);
      return;
    }
    const feed = presentation.renditions().get(path.rendition);
    if (feed === undefined) this.#replier.sendError(exchange, 404);
    else if (path.kind === 'playlist') {
      const agent = exchange.request.headers['user-agent'];
      this.#viewers.saw(path.streamId, exchange.address, agent, this.#timer.nowMs());
      this.#playlists.serve(exchange, this.#deskOf(feed, presentation), path.query);
    } else this.#media.serve(exchange, this.#deskOf(feed, presentation), path.name);
  }

  #deskOf(feed: RenditionFeed, presentation: Presentation): RenditionDesk {
    let desk = this.#desks.get(feed);
    if (desk === undefined) {
      desk = new RenditionDesk(feed, presentation, this.#directory);
      this.#desks.set(feed, desk);
    }
    return desk;
  }

  #fail(exchange: Exchange, error: unknown): void {
    this.#log.error({ err: error, address: exchange.address }, 'origin request failed');
    if (exchange.response.headersSent) channelOf(exchange.response)?.destroy();
    else this.#replier.sendError(exchange, 500);
  }
}

function connectionAddress(request: OriginRequest): string {
  return request.socket.remoteAddress ?? '';
}
