import type { OriginResponse } from '../origin/exchange.ts';
import type { Logger } from '../platform/logger.ts';
import { allowedMethods, preflightHeaders } from './cors.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './http-request.ts';
import { finishUnread } from './read-body.ts';
import { respond, respondError } from './respond.ts';
import { type RouteParams, RoutePattern } from './route-pattern.ts';

/** Answers requests, or leaves them to the next one. */
export interface RequestHandler {
  /** True when it answers, now or later; false when the request is not its own and nothing was done. */
  handle(request: HttpRequest, response: OriginResponse): boolean;
  /** Lets go of everything that waits; called when the server closes. */
  close?(): void;
}

/** What a route's request was for. */
export interface RouteTarget {
  /** Without the query. */
  readonly path: string;
  /** After the question mark; empty when there is none. */
  readonly query: string;
  /** The pattern's named elements, not decoded. */
  readonly params: RouteParams;
}

/** Answers a request, now or later. `HttpError`, thrown or rejected with, becomes the answer. */
export type RouteHandler = (
  request: HttpRequest,
  response: OriginResponse,
  target: RouteTarget,
) => void | Promise<void>;

/** Methods that a route can answer; HEAD is answered by GET's handler. */
export type RouteMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS';

interface Route {
  readonly pattern: RoutePattern;
  readonly handlers: Map<string, RouteHandler>;
  readonly preflightHeaders: readonly string[];
}

/** Elements of the longest path that can be ours: a longer one is not even split up. */
const MAX_PATH_BYTES = 2048;

/**
 * Paths and methods to handlers. A method that a path has not is 405 with `Allow`; OPTIONS is answered as CORS wants it
 * (Fetch §4.8), unless the path has a handler for it.
 */
export class Router implements RequestHandler {
  readonly #exact = new Map<string, Route>();
  readonly #patterns = new Map<string, Route>();
  readonly #log: Logger | undefined;

  /** @param log is told of handlers that failed for no foreseen reason. */
  constructor(log?: Logger) {
    this.#log = log;
  }

  /** Adds a route for GET and HEAD; a path that is taken is a mistake of ours. */
  get(pattern: string, handler: RouteHandler): this {
    return this.on('GET', pattern, handler);
  }

  /** Adds a route. `pattern` may have named elements: `/whip/:session`. Throws TypeError when it is taken. */
  on(method: RouteMethod, pattern: string, handler: RouteHandler): this {
    const routes = pattern.includes('/:') ? this.#patterns : this.#exact;
    const route = routes.get(pattern) ?? {
      pattern: new RoutePattern(pattern),
      handlers: new Map<string, RouteHandler>(),
      preflightHeaders: [],
    };
    if (route.handlers.has(method)) throw new TypeError(`route ${method} ${pattern} is taken`);
    route.handlers.set(method, handler);
    if (method === 'GET') route.handlers.set('HEAD', handler);
    routes.set(pattern, { ...route, preflightHeaders: preflightHeaders(route.handlers.keys()) });
    return this;
  }

  /** Finds the route by the path before the query. */
  handle(request: HttpRequest, response: OriginResponse): boolean {
    const url = request.url ?? '';
    const path = pathOf(url);
    const exact = this.#exact.get(path);
    if (exact !== undefined) {
      this.#serve(exact, request, response, { path, query: url.slice(path.length + 1), params: {} });
      return true;
    }
    if (this.#patterns.size === 0 || path.length > MAX_PATH_BYTES) return false;
    const elements = path.split('/');
    for (const route of this.#patterns.values()) {
      const params = route.pattern.match(elements);
      if (params === undefined) continue;
      this.#serve(route, request, response, { path, query: url.slice(path.length + 1), params });
      return true;
    }
    return false;
  }

  #serve(route: Route, request: HttpRequest, response: OriginResponse, target: RouteTarget): void {
    const handler = route.handlers.get(request.method ?? '');
    if (handler === undefined) {
      if (request.method === 'OPTIONS') respond(response, 204, route.preflightHeaders);
      else {
        const error = new HttpError(405, 'METHOD_NOT_ALLOWED', `${target.path} does not take this method`, [
          'Allow',
          allowedMethods(route.handlers.keys()),
        ]);
        respondError(response, error);
      }
      finishUnread(request, response);
      return;
    }
    try {
      const answered = handler(request, response, target);
      if (answered === undefined) {
        finishUnread(request, response);
        return;
      }
      answered.then(
        () => finishUnread(request, response),
        (error: unknown) => this.#fail(request, response, error),
      );
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: HttpRequest, response: OriginResponse, error: unknown): void {
    const known = error instanceof HttpError;
    if (!known) this.#log?.error({ err: error }, 'request failed');
    respondError(
      response,
      known ? error : new HttpError(500, 'INTERNAL', 'the server could not answer, try again'),
    );
    finishUnread(request, response);
  }
}

/** The part of a request target before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
