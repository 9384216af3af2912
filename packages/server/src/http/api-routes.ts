import type { Clock } from '../platform/clock.ts';
import { respondJson, respondText } from './respond.ts';
import { Router } from './router.ts';

/** A live stream as `GET /api/live` lists it. */
export interface LiveStreamSummary {
  readonly streamId: string;
  /** Path of the multivariant playlist. */
  readonly playlistUrl: string;
  /** When it went live, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** What the small API is made of. */
export interface ApiOptions {
  readonly clock: Clock;
  /** Streams that anybody may watch now. */
  readonly liveStreams: () => readonly LiveStreamSummary[];
}

/**
 * `GET /healthz`, `GET /api/time` → `{"epochMs"}` (the player measures its latency against it), `GET /api/live` →
 * `{"streams":[…]}`.
 */
export function apiRoutes(options: ApiOptions): Router {
  return new Router()
    .get('/healthz', (_request, response) => respondText(response, 200, 'ok\n'))
    .get('/api/time', (_request, response) =>
      respondJson(response, { epochMs: Math.round(options.clock.now()) }),
    )
    .get('/api/live', (_request, response) => respondJson(response, { streams: options.liveStreams() }));
}
