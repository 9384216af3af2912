import { liveError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpRequest } from '../http/http-request.ts';
import { finishUnread } from '../http/read-body.ts';
import { type Actor, NOBODY } from './actor.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { type ApiLimits, DEFAULT_API_LIMITS } from './api-limits.ts';
import type { ApiOptions } from './api-options.ts';
import { encodeAnswer } from './encode-answer.ts';
import { changesState, refuseUnentitled } from './entitlement.ts';
import { foreseen, isRefusedBySchema, unforeseen } from './error-answer.ts';
import { Idempotency } from './idempotency.ts';
import { OriginPolicy } from './origin-policy.ts';
import { RateLimits } from './rate-limits.ts';
import { readInput } from './request-input.ts';
import { ApiReply, type ApiRequest } from './route-handler.ts';
import { TokenDoor } from './token-door.ts';

/** A handler whose route was forgotten by the type system, not by the validation. */
export type AnyHandler = (request: ApiRequest<Route>) => Promise<unknown>;

/** A route and what does it. */
export interface RouteEntry {
  readonly route: Route;
  readonly handler: AnyHandler;
}

/**
 * Answers requests whose route was found. Each is, in this order: asked for its page's origin, authenticated, counted, checked for what
 * its caller may, validated, handled; and its answer is cut to its schema.
 */
export class RouteServer {
  readonly #options: ApiOptions;
  readonly #limits: ApiLimits;
  readonly #origins: OriginPolicy;
  readonly #rates: RateLimits;
  readonly #tokens: TokenDoor;
  readonly #idempotency: Idempotency | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_API_LIMITS, ...options.limits };
    this.#origins = options.origins ?? new OriginPolicy();
    this.#rates = new RateLimits(this.#limits);
    this.#tokens = new TokenDoor(this.#limits.badTokensPerMinute);
    this.#idempotency = options.answers === undefined ? undefined : new Idempotency(options.answers);
  }

  /** Answers one request. Never rejects: what goes wrong is an answer too. */
  async serve(
    { route, handler }: RouteEntry,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<unknown> {
    const raw = rawRequest(request);
    try {
      if ((raw.url ?? '').length > this.#limits.maxUrlBytes) {
        throw liveError('URI_TOO_LONG', `a URL must not be longer than ${this.#limits.maxUrlBytes} bytes`);
      }
      if (changesState(route.method)) this.#origins.refuseForged(raw);
      const address = this.#options.clientAddress(raw);
      const actor = await this.#authenticate(raw, address);
      if (route.uncounted !== true) reply.headers(await this.#rates.count(actor, address, isForwarded(raw)));
      refuseUnentitled(route, actor, this.#options.clock.now(), this.#limits.stepUpMs);
      const input = await readInput(route, raw, request.params, this.#limits);
      const call: ApiRequest<Route> = {
        ...input,
        actor,
        address,
        userAgent: raw.headers['user-agent'],
        header: (name) => raw.headers[name.toLowerCase()]?.toString(),
      };
      const answer = await this.#once(route, call, handler);
      return this.#send(route, raw, reply, answer);
    } catch (error) {
      return this.refuse(request, reply, error, route);
    } finally {
      finishUnread(raw, reply.raw);
    }
  }

  /** Answers with an error: as the catalogue says when it is one of ours, else 500 and a line in the log. */
  refuse(request: FastifyRequest, reply: FastifyReply, error: unknown, route?: Route): FastifyReply {
    const known = foreseen(error);
    if (known === undefined) {
      this.#options.log.error({ err: error, operation: route?.operation }, 'request failed');
    } else if (isRefusedBySchema(error)) {
      // Our own checks come first, so that this is one that is missing, or a host app's doing.
      this.#options.log.warn({ err: error, operation: route?.operation }, 'the database refused a request');
    }
    const { status, headers, body } = known ?? unforeseen();
    const cors = this.#origins.answerHeaders(rawRequest(request), route?.access === 'public');
    return reply
      .headers({ ...ANSWER_HEADERS, ...cors, ...headers })
      .header('Content-Type', 'application/json; charset=utf-8')
      .status(status)
      .send(JSON.stringify(body));
  }

  /** Answers OPTIONS on a path that takes the methods of `allow`. */
  preflight(request: FastifyRequest, reply: FastifyReply, allow: string, isPublic: boolean): FastifyReply {
    const cors = this.#origins.preflightHeaders(rawRequest(request), allow, isPublic);
    return reply
      .headers({ ...ANSWER_HEADERS, Allow: allow, ...cors })
      .status(204)
      .send();
  }

  async #authenticate(request: HttpRequest, address: string): Promise<Actor> {
    const { headers } = request;
    const look = (): Promise<Actor> => this.#options.actors.resolve(headers);
    // What a cookie names is signed by us: guesses of it cost nothing.
    const isFree =
      headers['authorization'] === undefined || this.#rates.isExempt(address, isForwarded(request));
    try {
      return await (isFree ? look() : this.#tokens.pass(address, look));
    } catch (error) {
      // A guesser of tokens is counted as nobody.
      await this.#rates.count(NOBODY, address, isForwarded(request));
      throw error;
    }
  }

  async #once(route: Route, call: ApiRequest<Route>, handler: AnyHandler): Promise<ApiReply> {
    const run = async (createdId?: string): Promise<ApiReply> => {
      const result = await handler({ ...call, createdId });
      const reply = result instanceof ApiReply ? result : new ApiReply(result);
      return new ApiReply(
        encodeAnswer(route, reply.body, {
          strict: this.#options.strictAnswers === true,
          log: this.#options.log,
        }),
        { headers: reply.headers, status: reply.status ?? route.status ?? 200 },
      );
    };
    const key = call.header('idempotency-key');
    const { userId } = call.actor;
    if (
      this.#idempotency === undefined ||
      route.idempotent !== true ||
      key === undefined ||
      userId === undefined
    ) {
      return run();
    }
    const asked = { params: call.params, query: call.query, body: call.body };
    const kept = await this.#idempotency.once(
      { userId, operation: route.operation, key },
      asked,
      async (createdId) => {
        const { body, status } = await run(createdId);
        return { body, status: status ?? 200 };
      },
    );
    return new ApiReply(kept.body, { status: kept.status });
  }

  #send(route: Route, request: HttpRequest, reply: FastifyReply, answer: ApiReply): FastifyReply {
    reply.headers({ ...ANSWER_HEADERS, ...this.#origins.answerHeaders(request, route.access === 'public') });
    reply.header('Content-Type', route.produces ?? 'application/json; charset=utf-8');
    for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
    reply.status(answer.status ?? 200);
    const { body } = answer;
    if (body instanceof Uint8Array)
      return reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    if (route.produces !== undefined && typeof body === 'string') return reply.send(body);
    return reply.send(body === undefined ? '' : JSON.stringify(body));
  }
}

/** True when a proxy says that it sends the request for somebody else. */
function isForwarded({ headers }: HttpRequest): boolean {
  return headers['x-forwarded-for'] !== undefined;
}

/** Node's own request: our server hands on what Node gave it, of HTTP/1.1 or HTTP/2. */
function rawRequest(request: FastifyRequest): HttpRequest {
  return request.raw;
}
