import { liveError } from '@tallylight/protocol/errors.ts';
import type { AnswerOf, BodyInput, QueryInput, Route } from '@tallylight/protocol/route.ts';
import { type ErrorBody, errorOf, type FailedAnswer } from './api-error.ts';
import type { ApiRouteName, ApiRouteTable } from './api-routes.ts';

/** How to reach the API. */
export interface ApiClientOptions {
  /** Origin of the server, such as `https://live.example.org`. Default: the page's own. */
  readonly baseUrl?: string;
  /** Rewrites the address of a call, for an API that is mounted elsewhere. Gets the path with its parameters filled in. */
  readonly address?: (path: string) => string;
  /** A session's bearer token, an API token or a host app's JWT, or how to get it. Default: cookies. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Whether cookies go along. Default `same-origin`; `include` for a server that trusts this page's origin. */
  readonly credentials?: RequestCredentials;
  /** Calls that may be made twice without harm are tried so often again when the server is away. Default 2. */
  readonly retries?: number;
  /** A server that asks to wait longer than this is not tried again, in seconds. Default 5. */
  readonly longestWaitSec?: number;
  /** Default `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Parameters of a path, as text. */
type ParamsInput<R extends Route> = R extends { readonly params: { readonly shape: infer S } }
  ? { readonly [K in keyof S]: string }
  : undefined;

type Part<K extends string, T> = [T] extends [undefined]
  ? { readonly [P in K]?: undefined }
  : object extends T
    ? { readonly [P in K]?: T }
    : undefined extends T
      ? { readonly [P in K]?: T }
      : { readonly [P in K]: T };

/** What a call of a route takes. */
export type CallInput<R extends Route> = Part<'params', ParamsInput<R>> &
  Part<'query', QueryInput<R>> &
  Part<'body', R extends { readonly consumes: readonly string[] } ? Blob : BodyInput<R>> & {
    /** Gives up when aborted. */
    readonly signal?: AbortSignal;
    /** The same key again does not do the same thing twice; with one, a create may be tried again. */
    readonly idempotencyKey?: string;
  };

interface AnyCall {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

/** The API as functions: `call('GET /api/streams/:id', { params: { id } })`. Knows every route by its type and none at run time. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #fetch: typeof fetch;

  constructor(options: ApiClientOptions = {}) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((...call) => fetch(...call));
  }

  /**
   * Calls a route and resolves to its answer. Rejects with the protocol's error of the code that the server names, whose `cause` is a
   * {@link FailedAnswer}; with UNAVAILABLE when there is no answer; with the signal's reason when aborted.
   */
  async call<N extends ApiRouteName>(
    name: N,
    ...[input]: object extends CallInput<ApiRouteTable[N]>
      ? [input?: CallInput<ApiRouteTable[N]>]
      : [input: CallInput<ApiRouteTable[N]>]
  ): Promise<AnswerOf<ApiRouteTable[N]>> {
    const response = await this.#send(name, (input ?? {}) as AnyCall);
    return (await answerOf(response)) as AnswerOf<ApiRouteTable[N]>;
  }

  async #send(name: string, call: AnyCall): Promise<Response> {
    const space = name.indexOf(' ');
    const method = name.slice(0, space);
    const url = this.#urlOf(name.slice(space + 1), call);
    const retries = isRepeatable(method, call) ? (this.#options.retries ?? 2) : 0;
    for (let tries = 0; ; tries++) {
      const response = await this.#try(url, method, call, tries < retries);
      if (response?.ok === true) return response;
      const answer = response === undefined ? undefined : failureOf(response);
      const waitSec = answer?.retryAfterSec ?? 2 ** tries * 0.25;
      const isAway = response === undefined || response.status === 503;
      if (!isAway || tries >= retries || waitSec > (this.#options.longestWaitSec ?? 5)) {
        if (response === undefined || answer === undefined)
          throw liveError('UNAVAILABLE', 'the server cannot be reached');
        throw errorOf(await errorBodyOf(response), answer);
      }
      await pause(waitSec * 1000, call.signal);
    }
  }

  /** Undefined: no answer, and another try is left. */
  async #try(url: string, method: string, call: AnyCall, mayFail: boolean): Promise<Response | undefined> {
    const { signal } = call;
    try {
      return await this.#fetch(url, {
        method,
        headers: await this.#headersOf(call),
        credentials: this.#options.credentials ?? 'same-origin',
        ...(signal === undefined ? {} : { signal }),
        ...(call.body === undefined
          ? {}
          : { body: call.body instanceof Blob ? call.body : JSON.stringify(call.body) }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (mayFail) return undefined;
      const unavailable = liveError('UNAVAILABLE', 'the server cannot be reached');
      unavailable.cause = error;
      throw unavailable;
    }
  }

  async #headersOf(call: AnyCall): Promise<Record<string, string>> {
    const { token } = this.#options;
    const bearer = typeof token === 'function' ? await token() : token;
    return {
      Accept: 'application/json',
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(call.idempotencyKey === undefined ? {} : { 'Idempotency-Key': call.idempotencyKey }),
      ...(call.body === undefined || call.body instanceof Blob ? {} : { 'Content-Type': 'application/json' }),
    };
  }

  #urlOf(template: string, { params, query }: AnyCall): string {
    const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params?.[name] ?? ''));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) search.append(name, `${value}`);
    const address = this.#options.address?.(path) ?? `${this.#options.baseUrl ?? ''}${path}`;
    return search.size === 0 ? address : `${address}?${search}`;
  }
}

/** True when doing it twice is doing it once. */
function isRepeatable(method: string, call: AnyCall): boolean {
  return ['GET', 'PUT', 'DELETE'].includes(method) || call.idempotencyKey !== undefined;
}

async function answerOf(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) return response.json();
  if (response.status === 204) return undefined;
  return type.startsWith('text/') ? response.text() : response.blob();
}

function failureOf(response: Response): FailedAnswer {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    status: response.status,
    statusText: response.statusText,
    retryAfterSec: Number.isFinite(seconds) ? seconds : undefined,
  };
}

/** What stands before the API may answer in other words than ours. */
async function errorBodyOf(response: Response): Promise<ErrorBody> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null) return body;
  return { error: response.statusText || `HTTP ${response.status}`, code: codeOf(response.status) };
}

function codeOf(status: number): string {
  return status === 502 || status === 503 || status === 504 ? 'UNAVAILABLE' : 'INTERNAL';
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    function done(): void {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
