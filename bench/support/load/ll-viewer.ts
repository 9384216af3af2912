import { KeepAliveClient } from './keep-alive-client.ts';
import type { LoadTally } from './load-tally.ts';

const HINT = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="';
const PART = '#EXT-X-PART:';
const URI = 'URI="';

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
  let fetching = Promise.resolve();
  while (performance.now() < endMs) {
    const listed = await reloads.get(`${playlist}${query}`, { text: true });
    tally.count(listed);
    const held = query !== '';
    // Hundreds are answered at the same moment: first take the time of each, then go on with each.
    await new Promise((resolve) => setImmediate(resolve));
    const hint = quoted(listed.text, listed.text.lastIndexOf(HINT) + HINT.length);
    const newest = quoted(listed.text, listed.text.indexOf(URI, listed.text.lastIndexOf(PART)) + URI.length);
    const [msn, part] = numbers(newest);
    const [nextMsn, nextPart] = numbers(hint);
    query = `?_HLS_msn=${nextMsn}&_HLS_part=${nextPart}&_HLS_skip=YES`;
    // Not awaited: the next reload must be waiting before the part is here, as with a player's second connection.
    fetching = fetching.then(async () => {
      const answer = await media.get(`${folder}${newest}`, { text: false });
      tally.count(answer);
      if (!held || !tally.measuring) return;
      tally.arrivals.push({
        ...{ playlist: index, msn, part },
        releasedNs: String(listed.lastByteNs),
        arrivedNs: String(answer.lastByteNs),
      });
    });
    fetching.catch(() => {
      // Told below, when the viewer leaves.
    });
  }
  reloads.close();
  await fetching;
  media.close();
}

function quoted(text: string, from: number): string {
  return text.slice(from, text.indexOf('"', from));
}

/** MSN and index of a part by its name, `run.msn.part.m4s`. */
function numbers(name: string): readonly [number, number] {
  const [msn, part] = name.split('.').slice(-3).map(Number);
  if (msn === undefined || part === undefined || Number.isNaN(msn + part))
    throw new Error(`${JSON.stringify(name)} is no name of a part`);
  return [msn, part];
}
