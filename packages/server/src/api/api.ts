import { createServer } from 'node:http';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import fastify, { type FastifyInstance, type RawRequestDefaultExpression } from 'fastify';
import { allowedMethods } from '../http/cors.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { pathOf, type RequestHandler } from '../http/router.ts';
import type { OriginResponse } from '../origin/exchange.ts';
import type { AnsweredRequest, ApiOptions } from './api-options.ts';
import type { ApiHandler, ApiRoutes } from './route-handler.ts';
import { type RouteEntry, RouteServer } from './serve-route.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The JSON API: routes as data, found by Fastify behind our own HTTP server, and answered as {@link RouteServer} says. */
export class Api implements ApiRoutes, RequestHandler {
  readonly #options: ApiOptions;
  readonly #server: RouteServer;
  readonly #entries: RouteEntry[] = [];
  readonly #taken = new Set<string>();
  #app: FastifyInstance | undefined;
  #routing: ((request: HttpRequest, response: OriginResponse) => void) | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#server = new RouteServer(options);
  }

  /** Every route so far, in the order of `on`. */
  get routes(): readonly Route[] {
    return this.#entries.map(({ route }) => route);
  }

  /** Adds a route. Throws TypeError when the method and path are taken, or the API is open already. */
  on<const R extends Route>(route: R, handler: ApiHandler<R>): void {
    const place = `${route.method} ${shapeOf(route.path)}`;
    if (this.#app !== undefined) throw new TypeError(`route ${place} came after the API was opened`);
    if (this.#taken.has(place)) throw new TypeError(`route ${place} is taken`);
    this.#taken.add(place);
    // What a handler is given was validated by its own route.
    this.#entries.push({ route, handler });
  }

  /** Takes no more routes, and answers from now on. */
  async open(): Promise<void> {
    const server = this.#server;
    const app = fastify({
      // Requests come from our own server: this one listens to nothing.
      serverFactory: (handler) => createServer(handler),
      logger: false,
      // Queries are read by our own limits.
      routerOptions: { maxParamLength: 200, querystringParser: () => ({}) },
      frameworkErrors: (_error, request, reply) => {
        server.refuse(request, reply, liveError('INVALID_REQUEST', 'the path is not valid'));
      },
    });
    this.#app = app;
    app.removeAllContentTypeParsers();
    // Bodies are read after the caller was authenticated and counted, by what the route says and never by what the client says.
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const entry of this.#entries) {
      const { method, path } = entry.route;
      app.route({ method, url: path, handler: (request, reply) => server.serve(entry, request, reply) });
    }
    this.#addOtherMethods(app);
    app.setNotFoundHandler((request, reply) =>
      server.refuse(request, reply, liveError('NOT_FOUND', 'there is no such route')),
    );
    app.setErrorHandler((error, request, reply) => server.refuse(request, reply, ofFastify(error)));
    if (this.#options.onAnswered !== undefined) measure(app, this.#options.onAnswered);
    await app.ready();
    this.#routing = (request, response) => {
      // Node's own types on both sides: our server hands on what Node gave it.
      app.routing(request as RawRequestDefaultExpression, response as never);
    };
  }

  /** Takes every path below `/api/`, from the end of `open()` on. */
  handle(request: HttpRequest, response: OriginResponse): boolean {
    if (this.#routing === undefined || !pathOf(request.url ?? '').startsWith('/api/')) return false;
    this.#routing(request, response);
    return true;
  }

  /** Answers 503 from now on; idempotent. */
  close(): void {
    void this.#app?.close();
  }

  /** OPTIONS, and 405 for the methods that a path has not. HEAD comes with GET. */
  #addOtherMethods(app: FastifyInstance): void {
    const byPath = Map.groupBy(this.routes, ({ path }) => shapeOf(path));
    for (const routes of byPath.values()) {
      const url = routes[0]?.path ?? '';
      const taken = routes.map(({ method }) => method);
      const allow = allowedMethods(
        taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])),
      );
      const isPublic = routes.some(({ access, method }) => access === 'public' && method === 'GET');
      app.options(url, (request, reply) => this.#server.preflight(request, reply, allow, isPublic));
      const others = METHODS.filter((method) => !taken.includes(method));
      if (others.length === 0) continue;
      app.route({
        method: others,
        url,
        handler: (request, reply) =>
          this.#server.refuse(
            request,
            reply.header('Allow', allow),
            liveError('METHOD_NOT_ALLOWED', `this path takes ${allow}`),
          ),
      });
    }
  }
}

/** Fastify refuses by itself what has no media type at all by RFC 9110 §8.3.1. */
function ofFastify(error: unknown): unknown {
  const isTypeless =
    error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
  return isTypeless ? liveError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json') : error;
}

function measure(app: FastifyInstance, onAnswered: (answered: AnsweredRequest) => void): void {
  app.addHook('onResponse', (request, reply, done) => {
    onAnswered({
      route: request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown'),
      method: request.method,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    });
    done();
  });
}

/** Paths that differ in the names of their parameters alone are the same path. */
function shapeOf(path: string): string {
  return path.replace(/:[^/.]+/g, ':');
}
