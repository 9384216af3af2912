import type { HttpRequest } from '../http/http-request.ts';
import { finishUnread, readBody } from '../http/read-body.ts';
import { respond, respondJson } from '../http/respond.ts';
import { pathOf, type RequestHandler } from '../http/router.ts';
import type { OriginResponse } from '../origin/exchange.ts';
import type { Logger } from '../platform/logger.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { foreseen, unforeseen } from './error-answer.ts';

/** What a handler of Fetch requests is given and limited to. */
export interface FetchHandlerOptions {
  /** Takes every path below it, such as `/api/auth/`. */
  readonly prefix: string;
  readonly answer: (request: Request, address: string) => Promise<Response>;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: HttpRequest) => string;
  /** Longest body in bytes; longer is 413. */
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly log: Logger;
}

/** Lets a library that speaks Fetch's `Request` and `Response` answer what comes by Node's HTTP servers. */
export class FetchHandler implements RequestHandler {
  readonly #options: FetchHandlerOptions;

  constructor(options: FetchHandlerOptions) {
    this.#options = options;
  }

  handle(request: HttpRequest, response: OriginResponse): boolean {
    if (!pathOf(request.url ?? '').startsWith(this.#options.prefix)) return false;
    this.#answer(request)
      .then(
        (answer) => send(answer, response),
        (error: unknown) => this.#refuse(error, response),
      )
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'answer could not be sent'))
      .finally(() => finishUnread(request, response));
    return true;
  }

  async #answer(request: HttpRequest): Promise<Response> {
    const { answer, clientAddress, maxBodyBytes, bodyTimeoutMs } = this.#options;
    const method = request.method ?? 'GET';
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const body = hasBody
      ? await readBody(request, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs })
      : undefined;
    // Whether the host is ours is the answerer's question; here it only makes a URL of the target.
    const url = new URL(request.url ?? '/', 'http://host.invalid');
    const init = {
      method,
      headers: headersOf(request),
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    };
    return answer(new Request(url, init), clientAddress(request));
  }

  #refuse(error: unknown, response: OriginResponse): void {
    const known = foreseen(error);
    if (known === undefined) this.#options.log.error({ err: error }, 'request failed');
    const { status, headers, body } = known ?? unforeseen();
    respondJson(response, body, status, Object.entries(headers).flat());
  }
}

/** A Fetch request's headers; HTTP/2 names the host by a pseudo-header (RFC 9113 §8.3.1). */
function headersOf({ headers }: HttpRequest): Headers {
  const copy = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const each of [value].flat()) copy.append(name, each);
  }
  const authority = headers[':authority'];
  if (typeof authority === 'string' && !copy.has('host')) copy.set('host', authority);
  return copy;
}

async function send(answer: Response, response: OriginResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const headers = new Map(Object.entries(ANSWER_HEADERS).map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') headers.set(name, value);
  headers.set('content-length', String(body.length));
  const cookies = answer.headers.getSetCookie().flatMap((cookie) => ['set-cookie', cookie]);
  respond(response, answer.status, [...[...headers].flat(), ...cookies], body);
}
