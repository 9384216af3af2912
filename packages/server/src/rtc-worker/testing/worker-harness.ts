import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { freeUdpPort } from '../../../../../tests/support/free-port.ts';
import { ChildProcesses } from '../../platform/child-process.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { Track } from '../../stream/track.ts';
import type { IngestListener, IngestStats, RtcCloseReason, RtcIngestSession } from '../rtc-gateway.ts';
import { RtcWorker, type RtcWorkerOptions } from '../rtc-worker.ts';
import { acceptAnswer, offerOf, type PublishOptions } from './publishing-browser.ts';

/** Everything that a session told. */
export class Recording implements IngestListener {
  readonly tracks: Track[] = [];
  readonly units: AccessUnit[] = [];
  readonly stats: IngestStats[] = [];
  readonly closed: RtcCloseReason[] = [];
  /** What came in which order: kinds of tracks in brackets, kinds of units. */
  readonly order: string[] = [];

  onTrack(track: Track): void {
    this.tracks.push(track);
    this.order.push(`[${track.kind}]`);
  }

  onUnit(unit: AccessUnit): void {
    this.units.push(unit);
    this.order.push(unit.kind);
  }

  onStats(stats: IngestStats): void {
    this.stats.push(stats);
  }

  onClosed(reason: RtcCloseReason): void {
    this.closed.push(reason);
  }

  /** Units of one kind. */
  of(kind: AccessUnit['kind']): AccessUnit[] {
    return this.units.filter((unit) => unit.kind === kind);
  }
}

/** A worker with its child, for tests. */
export interface WorkerHarness {
  readonly worker: RtcWorker;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a worker on a free port. */
export async function startWorker(
  options: Partial<RtcWorkerOptions> = {},
  log: Logger = silentLogger,
): Promise<WorkerHarness> {
  const children = new ChildProcesses();
  const port = await freeUdpPort();
  const worker = new RtcWorker({ clock: systemClock, log, children, port, ...options });
  await worker.start();
  return {
    worker,
    port,
    close: async () => {
      await worker.close();
      await children.close();
    },
  };
}

/** Publishes the page's fake camera; `change` may alter what the two say to each other. */
export async function publish(
  worker: RtcWorker,
  page: Page,
  options: PublishOptions = {},
  change: { readonly offer?: (sdp: string) => string; readonly answer?: (sdp: string) => string } = {},
): Promise<{ readonly session: RtcIngestSession; readonly recording: Recording }> {
  const recording = new Recording();
  const offer = await offerOf(page, options);
  const session = await worker.openIngest({ offer: change.offer?.(offer) ?? offer, listener: recording });
  await acceptAnswer(page, change.answer?.(session.answer) ?? session.answer);
  return { session, recording };
}

/** What a process holds. */
export function resourcesOf(pid: number): {
  readonly rssKb: number;
  readonly threads: number;
  readonly descriptors: number;
} {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    rssKb: number('VmRSS'),
    threads: number('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
