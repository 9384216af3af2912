import { BYSTANDER_CLIP } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { openMsn, QUICK_ENV } from '../support/live-stream.ts';
import { descendants, isAlive } from '../support/process-tree.ts';
import { RawHttp } from '../support/raw-http.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { currentPlaylist } from './edge-msn.ts';

/** What a SIGTERM did. */
export interface ServerStop {
  readonly code: number | null;
  readonly tookMs: number;
  /** Children that outlived their server. */
  readonly orphans: number;
  /** What the encoder was told. */
  readonly parting: string;
  /** Held reloads that got an answer rather than a cut connection. */
  readonly answered: number;
  readonly heldBefore: number;
}

/** Fault F12: stops a server with SIGTERM while it publishes, encodes, and holds reloads. */
export async function stopServer(): Promise<ServerStop> {
  const server = await Tallylight.start({ env: { ...QUICK_ENV, LADDER: '144p:100k' } });
  const key = await server.addKey('studio');
  const source = await FlvSource.start({
    port: server.rtmpPort,
    key,
    files: [await makeClip(BYSTANDER_CLIP)],
  });
  const url = new URL('144p/index.m3u8', server.playlistUrl('studio')).href;
  const playlist = await waitFor('the rung', async () => {
    const now = await currentPlaylist(url);
    return (now?.open?.parts.length ?? 0) > 0 && now;
  });
  const viewers = Array.from({ length: 20 }, () => new RawHttp(server.httpPort));
  const target = `${new URL(url).pathname}?_HLS_msn=${openMsn(playlist) + 1}&_HLS_part=0`;
  for (const viewer of viewers) viewer.send(target);
  const idle = new RawHttp(server.httpPort);
  await idle.get(new URL(url).pathname);
  const children = descendants(server.pid).map(({ pid }) => pid);
  const farewell = source.publisher.status().catch(() => undefined);
  const startedMs = performance.now();
  const answers = viewers.map((viewer) => viewer.answer().catch(() => undefined));
  const code = await server.signal('SIGTERM');
  const tookMs = performance.now() - startedMs;
  const orphans = children.filter(isAlive).length;
  const answered = (await Promise.all(answers)).filter((answer) => answer !== undefined).length;
  const parting = (await farewell)?.description ?? '';
  source.kill();
  idle.socket.destroy();
  // And it starts again where it was.
  await server.launch();
  await httpGet(`${server.url}/`);
  await server.stop();
  return { code, tookMs, orphans, parting, answered, heldBefore: viewers.length };
}
