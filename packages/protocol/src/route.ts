import type { z } from 'zod';
import type { ErrorCode } from './error-catalogue.ts';

/**
 * Who may call a route at all; what a caller may then see or change is the service's question, and row-level security's.
 * `public`: anybody. `user`: who signed in, guests too. `account`: who signed in and is no guest. `admin`: administrators of the server.
 */
export type Access = 'public' | 'user' | 'account' | 'admin';

/** One route of the API as data: the server validates by it, the client is typed by it, OpenAPI and the tests of rights are made of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for each of `params`. */
  readonly path: string;
  /** Unique; name of the method in the client and operationId in OpenAPI. */
  readonly operation: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** JSON, unless `consumes` says otherwise. */
  readonly body?: z.ZodType;
  /** Media types of a body that is not JSON; the handler gets its bytes. */
  readonly consumes?: readonly string[];
  readonly response: z.ZodType;
  /** Media type of an answer that is not JSON. */
  readonly produces?: string;
  /** Status of success. Default 200. */
  readonly status?: number;
  /** Codes beyond those that every route can answer. */
  readonly errors?: readonly ErrorCode[];
  /** True where nchat's routes answer in snake_case and its hooks read camelCase: the answer has both spellings. */
  readonly bothSpellings?: true;
  /** True: an `Idempotency-Key` header makes the same request answer the same without doing it twice. */
  readonly idempotent?: true;
  /** True: requests are not counted, because many callers may share an address and each repeats it by design, such as heartbeats. */
  readonly uncounted?: true;
  /** True: the caller must have proven who they are within the last five minutes. */
  readonly stepUp?: true;
}

/** Declares a route; checks its shape and keeps its exact type. */
export function defineRoute<const R extends Route>(route: R): R {
  return route;
}

/** The values of the path's named elements. */
export type ParamsOf<R extends Route> = R extends { readonly params: infer S extends z.ZodType }
  ? z.output<S>
  : Readonly<Record<string, never>>;
/** The query, with defaults applied. */
export type QueryOf<R extends Route> = R extends { readonly query: infer S extends z.ZodType }
  ? z.output<S>
  : Readonly<Record<string, never>>;
/** The query as a caller gives it. */
export type QueryInput<R extends Route> = R extends { readonly query: infer S extends z.ZodType }
  ? z.input<S>
  : undefined;
/** The body, with defaults applied. */
export type BodyOf<R extends Route> = R extends { readonly body: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;
/** The body as a caller gives it. */
export type BodyInput<R extends Route> = R extends { readonly body: infer S extends z.ZodType }
  ? z.input<S>
  : undefined;
/** What a call comes to. */
export type AnswerOf<R extends Route> = z.output<R['response']>;
