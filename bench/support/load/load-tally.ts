import type { LoadAnswer } from './keep-alive-client.ts';
import type { PartArrival } from './load-options.ts';

/** What all viewers of a load maker add up. */
export class LoadTally {
  /** Off while viewers join. */
  measuring = false;
  requests = 0;
  bytes = 0;
  readonly failures: Record<string, number> = {};
  readonly segmentMs: number[] = [];
  readonly arrivals: PartArrival[] = [];

  /** Takes an answer into account. */
  count({ status, length }: LoadAnswer): void {
    if (status !== 200) this.failures[status] = (this.failures[status] ?? 0) + 1;
    if (!this.measuring) return;
    this.requests += 1;
    this.bytes += length;
  }

  /** Takes into account that a viewer gave up. */
  lost(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.failures[words] = (this.failures[words] ?? 0) + 1;
  }
}
