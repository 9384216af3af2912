import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ControlConfig } from '../config/control-config.ts';
import type { LivePort } from '../control/live-port.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { ControlPlane } from './control-plane.ts';

/** Pictures that are re-encoded at once; others wait. */
const PICTURE_PROCESSES = 2;

/** What the control plane of a server is started with. */
export interface ControlStart {
  readonly control: ControlConfig;
  readonly dataDir: string;
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
  readonly rtmpPort: number;
  readonly reconnectWindowMs: number;
  readonly version: string;
  readonly live: LivePort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly clientAddress: (request: Pick<HttpRequest, 'headers' | 'socket'>) => string;
}

/** Makes the control plane as the settings say; it opens when it is told to. */
export function controlPlaneOf(options: ControlStart): ControlPlane {
  const { control, dataDir, masterKey, publicUrl, lifecycle, live, clock, log } = options;
  const { databaseUrl, databaseConnections, databaseTimeoutMs } = control;
  const pool = { maxConnections: databaseConnections, timeoutMs: databaseTimeoutMs };
  const children = lifecycle.own('pictures', new ChildProcesses({ maxChildren: PICTURE_PROCESSES }));
  const plane = new ControlPlane({
    database:
      databaseUrl === undefined
        ? { directory: join(dataDir, 'postgres'), ...pool }
        : { url: databaseUrl, ...pool },
    masterKeys: [named(masterKey), ...control.oldMasterKeys.map(named)],
    urls: {
      publicUrl,
      ingestUrl: `rtmp://${new URL(publicUrl).hostname}:${options.rtmpPort}/live`,
    },
    accounts: {
      trustedOrigins: control.corsOrigins,
      signUp: control.signUp,
      hostApp: control.hostApp,
      oidc: control.oidc,
      mail: control.mail,
    },
    ...{ live, clock, log, children },
    corsOrigins: control.corsOrigins,
    reconnectWindowMs: options.reconnectWindowMs,
    clientAddress: options.clientAddress,
    version: options.version,
    limits: control.limits,
    retention: { addressHours: control.addressRetentionHours, metricsDays: control.metricsRetentionDays },
  });
  return lifecycle.own('control plane', plane);
}

/** A master key is named after itself, so that what it sealed is opened by it and by no other. */
function named(bytes: Uint8Array): { readonly kid: string; readonly bytes: Uint8Array } {
  return { kid: createHash('sha256').update(bytes).digest('hex').slice(0, 12), bytes };
}
