import type { OriginResponse } from '../origin/exchange.ts';
import { isGone } from '../origin/reply.ts';
import { ANY_ORIGIN, EXPOSED_HEADERS } from './cors.ts';
import type { HttpError } from './http-error.ts';

const UNKEPT: readonly string[] = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'];

/** Sends a status, headers and perhaps a body; Node leaves the body out for HEAD. Nothing when nobody can read it any more. */
export function respond(
  response: OriginResponse,
  status: number,
  headers: readonly string[],
  body?: Uint8Array,
): void {
  if (isGone(response)) return;
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
  respondWith(response, status, 'text/plain; charset=utf-8', text, headers);
}

/** Sends JSON that nobody may keep and every page may read. */
export function respondJson(
  response: OriginResponse,
  value: unknown,
  status = 200,
  headers: readonly string[] = [],
): void {
  respondWith(response, status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
}

/** Sends a refusal as `{"error":{"code","message"}}`. */
export function respondError(response: OriginResponse, error: HttpError): void {
  const { status, code, message, headers } = error;
  respondJson(response, { error: { code, message } }, status, [...EXPOSED_HEADERS, ...headers]);
}

/** Sends any text that nobody may keep and every page may read. */
export function respondWith(
  response: OriginResponse,
  status: number,
  contentType: string,
  text: string,
  headers: readonly string[],
): void {
  const body = Buffer.from(text);
  respond(
    response,
    status,
    [
      'Content-Type',
      contentType,
      ...UNKEPT,
      'Content-Length',
      String(body.length),
      ...ANY_ORIGIN,
      ...headers,
    ],
    body,
  );
}
