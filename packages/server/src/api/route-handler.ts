import type { AnswerOf, BodyOf, ParamsOf, QueryOf, Route } from '@tallylight/protocol/route.ts';
import type { Actor } from './actor.ts';

/** A request that was authenticated and validated by its route. */
export interface ApiRequest<R extends Route> {
  readonly actor: Actor;
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  /** For a route that `consumes`, the bytes. */
  readonly body: R extends { readonly consumes: readonly string[] } ? Uint8Array : BodyOf<R>;
  /** The client's address as limits count it. */
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The id of what a create makes: the same when the request is run again under its Idempotency-Key. Undefined without one. */
  readonly createdId?: string | undefined;
  header(name: string): string | undefined;
}

/** An answer with more than its JSON. */
export class ApiReply {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly status: number | undefined;

  /** @param body JSON's value, or text or bytes where the route `produces` something else. */
  constructor(
    body: unknown,
    options: { headers?: Readonly<Record<string, string | readonly string[]>>; status?: number } = {},
  ) {
    this.body = body;
    this.headers = options.headers ?? {};
    this.status = options.status;
  }
}

/** Does what a route is for. A `LivestreamError`, thrown or rejected with, becomes the answer; anything else is a bug: 500. */
export type ApiHandler<R extends Route> = (request: ApiRequest<R>) => Promise<AnswerOf<R> | ApiReply>;

/** Where features put their routes. */
export interface ApiRoutes {
  /** Throws TypeError when the method and path are taken. */
  on<const R extends Route>(route: R, handler: ApiHandler<R>): void;
}
