import { createHash, timingSafeEqual } from 'node:crypto';
import { bearerToken } from '../http/bearer-token.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { respond } from '../http/respond.ts';
import { Router } from '../http/router.ts';
import type { OriginResponse } from '../origin/exchange.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from './metrics.ts';

/** One thing that the server needs to be of use. */
export interface Check {
  readonly ok: boolean;
  /** In words, without addresses or secrets: everybody may read them. */
  readonly message?: string;
}

/** What `/readyz` and `/metrics` are made of. */
export interface HealthOptions {
  /** Looks at everything that is needed; called once a second at most, however often somebody asks. */
  readonly checks: () => Promise<Readonly<Record<string, Check>>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the last look is good for, in milliseconds. */
const FRESH_MS = 1000;

/**
 * `GET /readyz`: 200 when everything is there, 503 when something is not, and each check by its name. (`GET /healthz`, that the process is
 * alive, needs nothing and is answered elsewhere.)
 */
export function readinessRoutes({ checks, clock, log }: HealthOptions): Router {
  let last: Promise<Readonly<Record<string, Check>>> | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const look = (): Promise<Readonly<Record<string, Check>>> => {
    const nowMs = clock.monotonicMs();
    if (last === undefined || nowMs - lookedAtMs >= FRESH_MS) {
      lookedAtMs = nowMs;
      last = checks();
    }
    return last;
  };
  const answer = async (response: OriginResponse): Promise<void> => {
    const found = await look();
    const ready = Object.values(found).every(({ ok }) => ok);
    const body = Buffer.from(JSON.stringify({ ready, checks: found }));
    respond(
      response,
      ready ? 200 : 503,
      [
        ...['Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(body.length)],
        ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'],
        ...(ready ? [] : ['Retry-After', '1']),
      ],
      body,
    );
  };
  return new Router(log).get('/readyz', (_request, response) => answer(response));
}

/**
 * `GET /metrics` for Prometheus.
 * @param token who asks must send it as a bearer token. Undefined: everybody gets them, which is right on a port of its own alone.
 */
export function metricsRoutes(metrics: Metrics, token: string | undefined, log: Logger): Router {
  return new Router(log).get('/metrics', (request, response) => {
    if (token !== undefined && !isToken(request, token)) {
      throw new HttpError(401, 'UNAUTHENTICATED', 'metrics are for who has METRICS_TOKEN', [
        'WWW-Authenticate',
        'Bearer',
      ]);
    }
    return sendMetrics(metrics, response);
  });
}

async function sendMetrics(metrics: Metrics, response: OriginResponse): Promise<void> {
  const body = Buffer.from(await metrics.text());
  respond(
    response,
    200,
    [
      ...['Content-Type', metrics.contentType, 'Content-Length', String(body.length)],
      ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'],
    ],
    body,
  );
}

function isToken(request: HttpRequest, token: string): boolean {
  // Hashed, because a comparison in constant time needs the same length on both sides.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(bearerToken(request) ?? ''), digest(token));
}
