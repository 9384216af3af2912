import type { OriginRequest, OriginResponse } from '../origin/exchange.ts';

/** Answers requests, or leaves them to the next one. */
export interface RequestHandler {
  /** True when it answers, now or later; false when the request is not its own and nothing was done. */
  handle(request: OriginRequest, response: OriginResponse): boolean;
  /** Lets go of everything that waits; called when the server closes. */
  close?(): void;
}

/** Answers a request for one exact path; `path` is without the query. */
export type RouteHandler = (request: OriginRequest, response: OriginResponse, path: string) => void;

/** Exact paths to handlers. Other methods than GET and HEAD are refused with 405. */
export class Router implements RequestHandler {
  readonly #routes = new Map<string, RouteHandler>();

  /** Adds a route; a path that is taken is a mistake of ours. */
  get(path: string, handler: RouteHandler): this {
    if (this.#routes.has(path)) throw new TypeError(`route ${path} is taken`);
    this.#routes.set(path, handler);
    return this;
  }

  /** Finds the route by the path before the query. */
  handle(request: OriginRequest, response: OriginResponse): boolean {
    const path = pathOf(request.url ?? '');
    const handler = this.#routes.get(path);
    if (handler === undefined) return false;
    if (request.method === 'GET' || request.method === 'HEAD') handler(request, response, path);
    else if (request.method === 'OPTIONS')
      respond(response, 204, [...ANY_ORIGIN, 'Allow', 'GET, HEAD, OPTIONS']);
    else respondText(response, 405, 'method not allowed\n', ['Allow', 'GET, HEAD, OPTIONS']);
    return true;
  }
}

/** CORS for answers that hold nothing personal. */
export const ANY_ORIGIN: readonly string[] = ['Access-Control-Allow-Origin', '*'];

/** The part of a request target before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** Sends a status, headers and perhaps a body; Node leaves the body out for HEAD. */
export function respond(
  response: OriginResponse,
  status: number,
  headers: readonly string[],
  body?: Uint8Array,
): void {
  response.writeHead(status, [...headers]);
  if (body === undefined) response.end();
  else response.end(body);
}

/** Sends one line of text that nobody may keep. */
export function respondText(
  response: OriginResponse,
  status: number,
  text: string,
  headers: readonly string[] = [],
): void {
  const body = Buffer.from(text);
  respond(
    response,
    status,
    [
      'Content-Type',
      'text/plain; charset=utf-8',
      'X-Content-Type-Options',
      'nosniff',
      'Cache-Control',
      'no-store',
      'Content-Length',
      String(body.length),
      ...ANY_ORIGIN,
      ...headers,
    ],
    body,
  );
}

/** Sends JSON that nobody may keep and every page may read. */
export function respondJson(response: OriginResponse, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  respond(
    response,
    200,
    [
      'Content-Type',
      'application/json; charset=utf-8',
      'X-Content-Type-Options',
      'nosniff',
      'Cache-Control',
      'no-store',
      'Content-Length',
      String(body.length),
      ...ANY_ORIGIN,
    ],
    body,
  );
}
