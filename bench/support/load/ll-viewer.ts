import { KeepAliveClient } from './keep-alive-client.ts';
import type { LoadTally } from './load-tally.ts';

/** The tag that says which part comes next: rfc8216bis-22 §4.4.5.3. */
const HINT = /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="[^"]*\.(\d+)\.(\d+)\.m4s"/;
/** The last part listed. */
const PART = /.*#EXT-X-PART:[^\n]*URI="([^"]*\.(\d+)\.(\d+)\.m4s)"/s;

/** A viewer of low-latency HLS: one blocking reload always waits, and each part is fetched when the playlist that lists it is here. */
export async function watchLowLatency(
  options: {
    readonly port: number;
    readonly playlist: string;
    readonly index: number;
    readonly endMs: number;
  },
  tally: LoadTally,
): Promise<void> {
  const { port, playlist, index, endMs } = options;
  const reloads = new KeepAliveClient(port);
  const media = new KeepAliveClient(port);
  const folder = playlist.slice(0, playlist.lastIndexOf('/') + 1);
  let query = '';
  while (performance.now() < endMs) {
    const listed = await reloads.get(`${playlist}${query}`, { text: true });
    tally.count(listed);
    const hint = HINT.exec(listed.text);
    const newest = PART.exec(listed.text);
    if (hint === null || newest === null)
      throw new Error(`no hint in the answer ${listed.status} to ${query}`);
    const held = query !== '';
    query = `?_HLS_msn=${hint[1]}&_HLS_part=${hint[2]}&_HLS_skip=YES`;
    // Not awaited: the next reload must be waiting before the part is here, as with a player's second connection.
    void media.get(`${folder}${newest[1]}`, { text: false }).then((part) => {
      tally.count(part);
      if (!held || !tally.measuring) return;
      tally.arrivals.push({
        playlist: index,
        msn: Number(newest[2]),
        part: Number(newest[3]),
        releasedNs: String(listed.lastByteNs),
        arrivedNs: String(part.lastByteNs),
      });
    });
  }
  reloads.close();
  media.close();
}
