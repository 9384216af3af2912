/** The process of its own that plays many viewers: `node load-maker.ts '<LoadOptions as JSON>'`; prints a LoadReport. */

import { watchClassic } from './classic-viewer.ts';
import { watchLowLatency } from './ll-viewer.ts';
import type { LoadOptions, LoadReport } from './load-options.ts';
import { LoadTally } from './load-tally.ts';

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const { kind, port, playlists, viewers, seconds, joinSeconds, segmentSec } = options;
const tally = new LoadTally();
const startMs = performance.now();
const endMs = startMs + 1000 * (joinSeconds + seconds);
const all: Promise<void>[] = [];
for (let viewer = 0; viewer < viewers; viewer += 1) {
  // Spread over a whole segment, so that no second is busier than another.
  const atMs = startMs + (1000 * segmentSec * viewer) / viewers;
  playlists.forEach((playlist, index) => {
    const watching =
      kind === 'classic'
        ? watchClassic({ port, playlist, segmentSec, startMs: atMs, endMs }, tally)
        : joinLowLatency(playlist, index, viewer);
    all.push(watching.catch((error: unknown) => tally.lost(error)));
  });
}
setTimeout(begin, 1000 * joinSeconds);
setTimeout(finish, 1000 * (joinSeconds + seconds));

async function joinLowLatency(playlist: string, index: number, viewer: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, (1000 * joinSeconds * viewer) / viewers / 2));
  await watchLowLatency({ port, playlist, index, endMs }, tally);
}

let before = process.cpuUsage();

function begin(): void {
  tally.measuring = true;
  before = process.cpuUsage();
}

function finish(): void {
  tally.measuring = false;
  const { user, system } = process.cpuUsage(before);
  const report: LoadReport = {
    requests: tally.requests,
    bytes: tally.bytes,
    failures: tally.failures,
    segmentMs: tally.segmentMs,
    arrivals: tally.arrivals,
    ownCpuPercent: (user + system) / 1e4 / seconds,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
