import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { BYSTANDER_CLIP } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { DeafProxy } from '../support/deaf-proxy.ts';
import { FlvSource } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { LlReader } from '../support/ll-reader.ts';
import type { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { currentPlaylist, edgeMsn } from './edge-msn.ts';

/** What a silent cut did to the stream. */
export interface PublisherCut {
  /** Milliseconds from the first try to come back until it was let in; undefined when nobody came back. */
  readonly acceptedMs: number | undefined;
  /** Milliseconds from the publisher's return to new media, or from the cut to ENDLIST. */
  readonly settledMs: number;
  readonly msnBefore: number;
  readonly last: MediaPlaylist;
  /** True when the playlist could be had, without ENDLIST, all the time that the publisher was away. */
  readonly heldOn: boolean;
  readonly reader: LlReader;
}

/** Fault F6: a publisher's connection falls silent without a FIN; it comes back after `awayMs`, or never. */
export async function cutPublisher(
  server: Tallylight,
  streamId: string,
  awayMs: number | 'for good',
): Promise<PublisherCut> {
  const key = await server.addKey(streamId);
  const proxy = await DeafProxy.start(server.rtmpPort);
  const files = [await makeClip(BYSTANDER_CLIP)];
  const source = await FlvSource.start({ port: proxy.port, key, files });
  const reader = new LlReader(new URL('source/index.m3u8', server.playlistUrl(streamId)).href);
  await waitFor('a playlist', async () => (await httpGet(reader.url)).status === 200);
  await reader.follow(1);
  proxy.mute();
  const cutMs = performance.now();
  const msnBefore = edgeMsn(reader.playlist ?? fail());
  let heldOn = true;
  let acceptedMs: number | undefined;
  let last: MediaPlaylist | undefined;
  if (awayMs === 'for good') {
    last = await waitFor<MediaPlaylist | false>(
      'the end',
      async () => {
        const playlist = await currentPlaylist(reader.url);
        return playlist?.endList === true && playlist;
      },
      200_000,
    );
    source.kill();
    proxy.close();
    return { acceptedMs, settledMs: performance.now() - cutMs, msnBefore, last, heldOn, reader };
  }
  while (performance.now() - cutMs < awayMs) {
    last = await currentPlaylist(reader.url);
    heldOn &&= last?.endList === false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const backMs = performance.now();
  const heir = await FlvSource.start({ port: server.rtmpPort, key, files });
  acceptedMs = performance.now() - backMs;
  await reader.follow(reader.mediaSec + 1.5, 8000);
  const settledMs = performance.now() - backMs;
  heir.kill();
  source.kill();
  proxy.close();
  return { acceptedMs, settledMs, msnBefore, last: reader.playlist ?? fail(), heldOn, reader };
}

function fail(): never {
  throw new Error('no playlist');
}
