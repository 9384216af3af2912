import { liveError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { readBody } from '../http/read-body.ts';
import type { ApiLimits } from './api-limits.ts';
import { checked, inCamelCase } from './checked.ts';
import { isJsonType, parseJson } from './json-body.ts';
import { parseQuery } from './query.ts';
import type { ApiRequest } from './route-handler.ts';

/** The parts of a request that a route validates. */
export type RequestInput = Pick<ApiRequest<Route>, 'params' | 'query' | 'body'>;

/** Reads and validates a request as its route says; nothing reaches a handler by another way. Rejects with the catalogue's 4xx errors. */
export async function readInput(
  route: Route,
  request: HttpRequest,
  rawParams: unknown,
  limits: ApiLimits,
): Promise<RequestInput> {
  const params = route.params === undefined ? {} : checked(route.params, rawParams, 'params');
  const rawQuery = parseQuery(request.url ?? '', limits.maxQueryParameters);
  const query =
    route.query === undefined ? {} : checked(route.query, spelled(route, route.query, rawQuery), 'query');
  const body = await readRouteBody(route, request, limits);
  // Their types are those of the route, which `checked` has just seen to.
  return { params, query, body } as RequestInput;
}

async function readRouteBody(route: Route, request: HttpRequest, limits: ApiLimits): Promise<unknown> {
  const timeoutMs = limits.bodyTimeoutMs;
  if (route.consumes !== undefined) {
    const type = request.headers['content-type'];
    if (type === undefined || !route.consumes.includes(type.toLowerCase())) {
      throw unsupported(route.consumes.join(', '));
    }
    refuseEncoded(request);
    return readBody(request, { maxBytes: limits.maxUploadBytes, timeoutMs });
  }
  if (route.body === undefined) return undefined;
  refuseEncoded(request);
  // An empty body needs no type; whatever has bytes must be JSON by its name, or a page's form could send it.
  const type = request.headers['content-type'];
  if (type !== undefined && !isJsonType(type)) throw unsupported('application/json');
  const maxBytes = route.tag === 'accounts' ? limits.maxAuthBodyBytes : limits.maxBodyBytes;
  const bytes = await readBody(request, { maxBytes, timeoutMs });
  if (bytes.length > 0 && type === undefined) throw unsupported('application/json');
  const value = bytes.length === 0 ? {} : parseJson(bytes, limits.maxJsonDepth);
  return checked(route.body, spelled(route, route.body, value), 'body');
}

function spelled(route: Route, schema: NonNullable<Route['body']>, value: unknown): unknown {
  return route.bothSpellings === true ? inCamelCase(schema, value) : value;
}

/** A compressed body could be a bomb, and no caller of ours needs one. */
function refuseEncoded(request: HttpRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw liveError(
      'UNSUPPORTED_MEDIA_TYPE',
      `a body must not be encoded, and this one is: ${encoding.slice(0, 40)}`,
    );
  }
}

function unsupported(wanted: string): Error {
  return liveError('UNSUPPORTED_MEDIA_TYPE', `the body must be ${wanted}`);
}
