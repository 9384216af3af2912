import { afterEach, describe, expect, test } from 'vitest';
import type { RequestHandler } from '../http/router.ts';
import { HttpServer } from '../http/server.ts';
import { silentLogger } from '../platform/logger.ts';
import { metricsRoutes, readinessRoutes } from './health-routes.ts';
import { Metrics } from './metrics.ts';

let server: HttpServer;
afterEach(() => server.close());

async function start(handler: RequestHandler): Promise<string> {
  server = new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: [handler], log: silentLogger });
  return `http://127.0.0.1:${(await server.listen()).httpPort}`;
}

describe('/readyz', () => {
  test('is 503 with each check while something is missing, and looks once a second at most', async () => {
    let nowMs = 0;
    let looks = 0;
    let database = false;
    const clock = { now: () => 0, monotonicMs: () => nowMs };
    const checks = async () => {
      looks++;
      return {
        media: { ok: true },
        database: database ? { ok: true } : { ok: false, message: 'PostgreSQL does not answer' },
      };
    };
    const url = await start(readinessRoutes({ checks, clock, log: silentLogger }));
    const first = await fetch(`${url}/readyz`);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await first.json()).toEqual({
      ready: false,
      checks: { media: { ok: true }, database: { ok: false, message: 'PostgreSQL does not answer' } },
    });
    database = true;
    nowMs = 999;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect(looks).toBe(1);
    nowMs = 1000;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});

describe('/metrics', () => {
  test('wants the token where there is one', async () => {
    const url = await start(metricsRoutes(new Metrics(), 'a token of 16 characters', silentLogger));
    const get = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/metrics`, { headers })).status;
    expect(await get({})).toBe(401);
    expect(await get({ authorization: 'Bearer wrong' })).toBe(401);
  });

  test('has the durations of answers, figures that are read, and what was counted', async () => {
    const metrics = new Metrics();
    const viewers = { name: 'tallylight_viewers', help: 'Viewers', values: [{ labels: {}, value: 3 }] };
    const speed = { labels: { stream: 'a"\n' }, value: 1.5 };
    metrics.add(() => [viewers, { name: 'tallylight_speed', help: 'Speed', values: [speed] }]);
    metrics.add(() => {
      throw new Error('no');
    });
    const count = metrics.counter('chat_messages_total', 'Messages', ['accepted', 'refused']);
    count('accepted', 2);
    metrics.answered({ route: '/api/streams/:id', method: 'GET', status: 200, durationMs: 3 });
    const url = await start(metricsRoutes(metrics, undefined, silentLogger));
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('tallylight_viewers 3\n');
    expect(text).toContain('tallylight_speed{stream="a\\"\\n"} 1.5\n');
    expect(text).toContain('tallylight_chat_messages_total{kind="accepted"} 2\n');
    expect(text).toContain('tallylight_chat_messages_total{kind="refused"} 0\n');
    expect(text).toContain(
      'tallylight_http_request_duration_seconds_bucket{le="0.005",route="/api/streams/:id",method="GET",status="200"} 1\n',
    );
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });
});
