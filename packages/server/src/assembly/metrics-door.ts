import { metricsRoutes } from '../api/health-routes.ts';
import { HttpServer } from '../http/server.ts';
import type { ServerParts } from './server-parts.ts';

/** Prometheus' own door, for this machine only. */
export async function listenForMetrics({ config, control, lifecycle, log }: ServerParts): Promise<void> {
  const port = config.control?.metrics.port ?? 0;
  if (control === undefined || port === 0) return;
  const handlers = [metricsRoutes(control.metrics, undefined, log)];
  const door = lifecycle.own('metrics', new HttpServer({ host: '127.0.0.1', httpPort: port, handlers, log }));
  await door.listen();
}
