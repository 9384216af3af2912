import type { Figure } from '../api/metrics.ts';
import type { LivePort } from '../control/live-port.ts';
import { liveGauges } from '../control/telemetry/live-gauges.ts';
import type { Database } from '../db/database.ts';
import type { RealtimeServer } from '../realtime/realtime-server.ts';
import type { ControlServices } from './control-services.ts';

/** Everything of the control plane that Prometheus reads, as it is now. */
export function controlFigures(
  parts: {
    readonly services: ControlServices;
    readonly database: Database;
    readonly realtime: RealtimeServer;
  },
  live: LivePort,
): readonly Figure[] {
  const { services, database, realtime } = parts;
  const { totalCount, idleCount, waitingCount } = database.pool;
  return [
    ...liveGauges({ telemetry: services.telemetry, viewers: services.viewers, live }),
    figure('sockets', 'Open WebSockets', realtime.sockets),
    figure('rooms', 'Streams in whose room somebody is', realtime.openRooms),
    figure('database_connections_busy', 'Connections to PostgreSQL in use', totalCount - idleCount),
    figure('database_connections_idle', 'Connections to PostgreSQL that wait for work', idleCount),
    figure('database_waiting', 'Requests that wait for a connection to PostgreSQL', waitingCount),
  ];
}

function figure(name: string, help: string, value: number): Figure {
  return { name: `tallylight_${name}`, help, values: [{ labels: {}, value }] };
}
