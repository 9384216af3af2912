import { ERROR_STATUS } from '@tallylight/protocol/error-catalogue.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { respond } from '../http/respond.ts';
import { pathOf, type RequestHandler } from '../http/router.ts';
import type { OriginResponse } from '../origin/exchange.ts';

/** Answers everything below `/api/` with 503 while something is in the way; lets all through otherwise. */
export class StartingGate implements RequestHandler {
  readonly #trouble: () => string | undefined;

  /** @param trouble what is in the way, in words; undefined when nothing is. */
  constructor(trouble: () => string | undefined) {
    this.#trouble = trouble;
  }

  handle(request: HttpRequest, response: OriginResponse): boolean {
    const trouble = this.#trouble();
    if (trouble === undefined || !pathOf(request.url ?? '').startsWith('/api/')) return false;
    const body = Buffer.from(JSON.stringify({ error: trouble, code: 'UNAVAILABLE', message: trouble }));
    respond(
      response,
      ERROR_STATUS.UNAVAILABLE,
      [
        ...['Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(body.length)],
        ...['Cache-Control', 'no-store', 'Retry-After', '1'],
      ],
      body,
    );
    return true;
  }
}
