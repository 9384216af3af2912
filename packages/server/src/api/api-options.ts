import type { HttpRequest } from '../http/http-request.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ActorResolver } from './actor.ts';
import type { ApiLimits } from './api-limits.ts';
import type { AnswerStore } from './idempotency.ts';
import type { OriginPolicy } from './origin-policy.ts';

/** An answered request, for metrics. */
export interface AnsweredRequest {
  /** The route's path with its `:names`, or `unknown`: never what the client sent. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
}

/** What the API is made of. */
export interface ApiOptions {
  readonly actors: ActorResolver;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: Pick<HttpRequest, 'headers' | 'socket'>) => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where idempotent answers are kept. Absent: the header is ignored. */
  readonly answers?: AnswerStore;
  /** Pages of other origins that may call with cookies. Default none. */
  readonly origins?: OriginPolicy;
  /** What differs from {@link DEFAULT_API_LIMITS}. */
  readonly limits?: Partial<ApiLimits>;
  /** True, in tests: an answer that is not of its schema is 500. Default false: it is logged and cut to what the schema names. */
  readonly strictAnswers?: boolean;
  readonly onAnswered?: (answered: AnsweredRequest) => void;
}
