import { ERROR_STATUS, type ErrorCode } from '@tallylight/protocol/error-catalogue.ts';
import { liveError, StreamError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import { checked } from '../../api/checked.ts';
import { DatabaseUnavailableError, isUnavailable, isUniqueViolation } from '../../db/database-error.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AccountsLimits } from './accounts-limits.ts';
import type { Attempt, AttemptLimits } from './attempt-limits.ts';
import { type AuthEndpoint, endpointOf } from './auth-endpoints.ts';
import { SignInQueue } from './sign-in-queue.ts';
import type { TrustedOrigins } from './trusted-origins.ts';

/** What {@link AuthHandler} needs. */
export interface AuthHandlerOptions {
  /** The sign-in library. */
  readonly library: (request: Request) => Promise<Response>;
  readonly origins: TrustedOrigins;
  readonly attempts: AttemptLimits;
  readonly limits: AccountsLimits;
  /** Id of the account that an e-mail address or user name means. */
  readonly accountId: (by: 'email' | 'username', value: string) => Promise<string | undefined>;
  /** Who is signed in. */
  readonly signedIn: (request: Request) => Promise<Actor>;
  readonly clock: Clock;
}

/**
 * The door of `/api/auth/*`: only what `AUTH_ENDPOINTS` lists, only JSON, only from pages of ours, only so often, and with a body that
 * has been taken apart and put together again, so that the library reads exactly what was checked and counted.
 */
export class AuthHandler {
  readonly #options: AuthHandlerOptions;
  readonly #queue: SignInQueue;

  constructor(options: AuthHandlerOptions) {
    this.#options = options;
    const { signInsAtOnce, signInsWaiting } = options.limits;
    this.#queue = new SignInQueue({ atOnce: signInsAtOnce, waiting: signInsWaiting });
  }

  /**
   * Answers one request.
   * @param address the client's, as the server found it: limits count it.
   */
  async handle(request: Request, address: string): Promise<Response> {
    try {
      return await this.#handle(request, address);
    } catch (error) {
      if (error instanceof StreamError) return refusal(error);
      throw error;
    }
  }

  async #handle(asked: Request, address: string): Promise<Response> {
    const request = await this.#withSessionOrNone(asked);
    const path = new URL(request.url).pathname.replace(/^\/api\/auth/, '');
    const endpoint = endpointOf(request.method, path);
    if (endpoint === undefined) throw liveError('NOT_FOUND', `there is no ${request.method} ${path}`);
    const { origins, attempts } = this.#options;
    if (request.method !== 'GET' && !origins.allows(request))
      throw liveError('CSRF', `not from a page of ours: ${request.headers.get('origin') ?? 'no Origin'}`);
    const body = await this.#body(request, endpoint);
    const attempt = endpoint.attempt ?? 'other';
    await attempts.byAddress(attempt, address);
    if (endpoint.stepUp === true) this.#refuseUnproven(await this.#options.signedIn(request));
    const account = await this.#account(request, endpoint, body);
    if (account !== undefined) await attempts.byAccount(attempt, account);
    const pass = (): Promise<Response> => this.#library(passedOn(request, address, body));
    const response = await (request.method === 'GET' ? pass() : this.#queue.enter(pass));
    if (account !== undefined && response.ok) await this.#forget(attempt, account);
    return answered(request, response);
  }

  /**
   * Without an Authorization that is no session's: the library would pass over it and take the cookie, we would count against
   * the person of the token. And who signs in again may still send what has ended.
   */
  async #withSessionOrNone(request: Request): Promise<Request> {
    if (!request.headers.has('authorization')) return request;
    // Known by its looks: no guess of one is to cost a look-up here.
    const isApiToken = /^bearer +tlat_/i.test(request.headers.get('authorization') ?? '');
    try {
      if (!isApiToken && (await this.#options.signedIn(request)).by === 'session') return request;
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'UNAUTHENTICATED') throw error;
    }
    const headers = new Headers(request.headers);
    headers.delete('authorization');
    return new Request(request, { headers });
  }

  #refuseUnproven(actor: Actor): void {
    if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'not signed in');
    if (actor.isGuest || actor.by !== 'session')
      throw liveError('FORBIDDEN', 'only with an account of this server');
    const { clock, limits } = this.#options;
    if (clock.now() - (actor.provenAtMs ?? 0) > limits.stepUpSeconds * 1000)
      throw liveError('STEP_UP_REQUIRED', 'type the password again, or use a passkey');
  }

  /** A database that is away is worth another try. The library lets some of its errors through, and answers others with 500. */
  async #library(request: Request): Promise<Response> {
    let response: Response;
    try {
      response = await this.#options.library(request);
    } catch (error) {
      if (isUnavailable(error))
        throw new DatabaseUnavailableError('signing in has to wait', { cause: error });
      // Two at once wanted the same address or name.
      if (isUniqueViolation(error)) throw liveError('CONFLICT', 'this e-mail address or user name is taken');
      throw error;
    }
    if (response.status >= 500) throw new DatabaseUnavailableError('signing in has to wait');
    return response;
  }

  /** A reset that was sent is not a proof of anything, a sign-in is. */
  async #forget(attempt: Attempt, account: string): Promise<void> {
    if (attempt === 'login') await this.#options.attempts.succeeded(attempt, account);
  }

  async #body(
    request: Request,
    endpoint: AuthEndpoint,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    if (request.method === 'GET') return undefined;
    const text = await limitedText(request, this.#options.limits.bodyBytes);
    if (endpoint.body === undefined) return {};
    if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
      throw liveError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json');
    return checked(endpoint.body, json(text), 'body') as Readonly<Record<string, unknown>>;
  }

  /** Whom the attempt is about: one key for one account, however it is spelled. */
  async #account(
    request: Request,
    { account }: AuthEndpoint,
    body: Readonly<Record<string, unknown>> | undefined,
  ): Promise<string | undefined> {
    if (account === undefined) return undefined;
    if (account === 'session') return (await this.#options.signedIn(request)).userId;
    const value = String(body?.[account]).toLowerCase();
    return (await this.#options.accountId(account, value)) ?? `nobody:${value}`;
  }
}

/** The request as the library sees it. Headers of proxies are gone: it would believe them. */
function passedOn(request: Request, address: string, body: unknown): Request {
  const headers = new Headers(request.headers);
  for (const name of [...headers.keys()])
    if (name.startsWith('x-') || name === 'forwarded' || name === 'content-length' || name === 'content-type')
      headers.delete(name);
  headers.set('x-tallylight-address', address.replace(/\/64$/, ''));
  if (body === undefined) return new Request(request.url, { method: request.method, headers });
  headers.set('content-type', 'application/json');
  return new Request(request.url, { method: request.method, headers, body: JSON.stringify(body) });
}

/** The library's answer with our error codes beside its own, and never readable by a foreign page. */
async function answered(request: Request, response: Response): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name);
  headers.set('cache-control', 'no-store');
  // The token is for apps without cookies. A page's scripts must not hold what its cookie hides from them.
  if (request.headers.has('origin') || request.headers.has('sec-fetch-site'))
    headers.delete('set-auth-token');
  if (response.status < 400) return new Response(response.body, { status: response.status, headers });
  const { code, message } = said(json(await response.text()));
  const ours = codeOf(response.status, code);
  headers.delete('content-length');
  headers.set('content-type', 'application/json');
  const { status } = response;
  const details = code === undefined ? undefined : { reason: code };
  return new Response(JSON.stringify({ error: message, code: ours, message, details }), {
    status,
    headers,
  });
}

function said(body: unknown): { code: string | undefined; message: string } {
  const { code, message } =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  return {
    code: typeof code === 'string' ? code : undefined,
    message: typeof message === 'string' && message !== '' ? message : 'This did not work.',
  };
}

function codeOf(status: number, code: string | undefined): ErrorCode {
  if (/^INVALID_(?:EMAIL_OR|USERNAME_OR)?_?PASSWORD$/.test(code ?? '')) return 'INVALID_CREDENTIALS';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 429) return 'RATE_LIMITED';
  return 'INVALID_REQUEST';
}

function refusal(error: StreamError): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  const details = error.details as { retryAfterSeconds?: number } | undefined;
  if (details?.retryAfterSeconds !== undefined) headers.set('retry-after', String(details.retryAfterSeconds));
  const { code, message } = error;
  const status = ERROR_STATUS[code as ErrorCode] ?? error.statusCode;
  return new Response(JSON.stringify({ error: message, code, message, details }), {
    status,
    headers,
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function limitedText(request: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw liveError('PAYLOAD_TOO_LARGE', `the body has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
