import { KeepAliveClient } from './keep-alive-client.ts';
import type { LoadTally } from './load-tally.ts';

/**
 * A viewer of plain HLS at real pace: each segment duration it reloads the playlist and fetches the newest segment. Where the
 * playlist stands still, as copies of files do, it goes round through the segments that are listed.
 */
export async function watchClassic(
  options: {
    readonly port: number;
    readonly playlist: string;
    readonly segmentSec: number;
    readonly startMs: number;
    readonly endMs: number;
  },
  tally: LoadTally,
): Promise<void> {
  const { port, playlist, segmentSec, startMs, endMs } = options;
  const client = new KeepAliveClient(port);
  const folder = playlist.slice(0, playlist.lastIndexOf('/') + 1);
  let last = '';
  let turn = Math.floor(Math.random() * 100);
  for (let dueMs = startMs; dueMs < endMs; dueMs += 1000 * segmentSec) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    const listed = await client.get(playlist, { text: true });
    tally.count(listed);
    const segments = listed.text.match(/^[^#\n]+\.m4s/gm) ?? [];
    const newest = segments.at(-1);
    if (newest === undefined) continue;
    const next = newest === last ? segments[turn++ % segments.length] : newest;
    last = newest;
    const askedNs = process.hrtime.bigint();
    const segment = await client.get(`${folder}${next}`, { text: false });
    tally.count(segment);
    if (tally.measuring) tally.segmentMs.push(Number(segment.lastByteNs - askedNs) / 1e6);
  }
  client.close();
}
