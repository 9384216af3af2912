import { treeUsage } from './process-tree.ts';
import { seconds } from './report.ts';
import { WhepCrowd } from './whep-crowd.ts';

/** What viewers by WHEP cost a server, above what it needs for one. */
export interface ViewerCost {
  /** Viewers that are connected. */
  readonly viewers: number;
  /** Bit rate of one viewer's RTP, headers and payload, in Mbit/s. */
  readonly mbpsPerViewer: number;
  /** RTP packets of one viewer in a second, and their mean size in bytes. */
  readonly packetsPerSecond: number;
  readonly packetBytes: number;
  /** Packets that were missed. */
  readonly lost: number;
  /** CPU of the process tree for them, in per cent of a core. */
  readonly cpuPercent: number;
  /** Extrapolated from that. */
  readonly viewersPerCore: number;
}

/**
 * Opens one viewer and then as many as wanted, which only decrypt. What one needs is not theirs: a stream that is watched at all has its
 * sound encoded and its pictures handed on, however many watch.
 */
export async function viewerCost(options: {
  /** Root of the server's process tree. */
  readonly pid: number;
  /** WHEP address. */
  readonly url: string;
  readonly viewers: number;
  /** Seconds that each of the two measurements takes. */
  readonly measureSec: number;
}): Promise<ViewerCost> {
  const { pid, url, measureSec } = options;
  const crowds: WhepCrowd[] = [];
  try {
    crowds.push(await WhepCrowd.open(url, 1));
    await seconds(5);
    const one = await cpuPercent(pid, measureSec);
    const crowd = await WhepCrowd.open(url, options.viewers);
    crowds.push(crowd);
    await seconds(5);
    const before = crowd.report;
    const cost = (await cpuPercent(pid, measureSec)) - one;
    const after = crowd.report;
    const [packets, bytes] = [after.packets - before.packets, after.bytes - before.bytes];
    return {
      viewers: after.connected,
      mbpsPerViewer: (8 * bytes) / after.sampled / measureSec / 1e6,
      packetsPerSecond: packets / after.sampled / measureSec,
      packetBytes: bytes / packets,
      lost: after.lost - before.lost,
      cpuPercent: cost,
      viewersPerCore: (100 * after.connected) / cost,
    };
  } finally {
    for (const each of crowds) each.close();
  }
}

async function cpuPercent(pid: number, measureSec: number): Promise<number> {
  const [startMs, before] = [performance.now(), treeUsage(pid).cpuSec];
  await seconds(measureSec);
  return (100_000 * (treeUsage(pid).cpuSec - before)) / (performance.now() - startMs);
}
