import { BYSTANDER_CLIP } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { PersistentEncoder } from '../support/persistent-encoder.ts';
import { ffmpegsBelow, isAlive } from '../support/process-tree.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { currentPlaylist, edgeMsn } from './edge-msn.ts';

/** What one SIGKILL of the server did. Times are milliseconds since the kill. */
export interface ServerKill {
  readonly readyMs: number;
  /** New media under the old URL, in the source and in the rung. */
  readonly mediaMs: number;
  readonly rungMs: number;
  /** The newest media sequence number before, and the smallest listed as newest since. */
  readonly msnBefore: number;
  readonly lowestMsnAfter: number;
  /** FFmpegs of the dead server that still lived when media was back. */
  readonly orphans: number;
}

/** Fault F1: kills a server with SIGKILL while an encoder publishes, again and again. */
export async function killServer(times: number): Promise<ServerKill[]> {
  const server = await Tallylight.start({ env: { ...QUICK_ENV, LADDER: '144p:100k' } });
  const key = await server.addKey('studio');
  const encoder = new PersistentEncoder(await makeClip(BYSTANDER_CLIP), `${server.rtmpUrl}/${key}`);
  const urls = ['source', '144p'].map((id) => new URL(`${id}/index.m3u8`, server.playlistUrl('studio')).href);
  const kills: ServerKill[] = [];
  try {
    await mediaAfter(urls[1] ?? '', 0);
    while (kills.length < times) kills.push(await killOnce(server, urls[0] ?? '', urls[1] ?? ''));
    return kills;
  } finally {
    await encoder.stop();
    await server.stop();
  }
}

async function killOnce(server: Tallylight, sourceUrl: string, rungUrl: string): Promise<ServerKill> {
  // A viewer's held reload is under way when it happens.
  const before = await mediaAfter(sourceUrl, 0);
  const rungBefore = await mediaAfter(rungUrl, 0);
  const encoders = await waitFor('the ladder', () => {
    const pids = ffmpegsBelow(server.pid);
    return pids.length > 0 && pids;
  });
  const killedMs = performance.now();
  await server.signal('SIGKILL');
  await server.launch();
  const readyMs = performance.now() - killedMs;
  let lowestMsnAfter = Infinity;
  await waitFor(
    'media after the kill',
    async () => {
      const playlist = await currentPlaylist(sourceUrl);
      if (playlist === undefined || (playlist.open?.parts.length ?? 0) === 0) return false;
      lowestMsnAfter = Math.min(lowestMsnAfter, edgeMsn(playlist));
      return edgeMsn(playlist) > before;
    },
    20_000,
    20,
  );
  const mediaMs = performance.now() - killedMs;
  await mediaAfter(rungUrl, rungBefore);
  const rungMs = performance.now() - killedMs;
  const orphans = encoders.filter(isAlive).length;
  return { readyMs, mediaMs, rungMs, msnBefore: before, lowestMsnAfter, orphans };
}

/** Waits until a playlist lists media of a segment after `msn`; gives the newest segment's number. */
function mediaAfter(url: string, msn: number): Promise<number> {
  return waitFor<number | false>(
    `media at ${url}`,
    async () => {
      const playlist = await currentPlaylist(url);
      const isLive = playlist !== undefined && (playlist.open?.parts.length ?? 0) > 0;
      return isLive && edgeMsn(playlist) > msn && edgeMsn(playlist);
    },
    20_000,
    20,
  );
}
