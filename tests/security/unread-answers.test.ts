import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { FlvSource, isConfiguration } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { openMsn, QUICK_ENV } from '../support/live-stream.ts';
import { residentMb } from '../support/process-memory.ts';
import { Tallylight } from '../support/tallylight.ts';
import { establishedPeers } from '../support/tcp-table.ts';
import { waitFor } from '../support/wait-for.ts';

const READERS = 100;
/** Not the bystander’s viewer: what one address may hold is theirs to use up. */
const ATTACKER = '127.7.7.7';
/** Bytes of filler in every picture: segments of about 1.5 MB. */
const FILLER_BYTES = 50_000;

/** A picture with a NAL unit of filler data (H.264 §7.3.2.7) behind it. */
function fattened(body: Uint8Array): Uint8Array {
  const filler = Buffer.alloc(4 + FILLER_BYTES, 0xff);
  filler.writeUInt32BE(FILLER_BYTES);
  filler[4] = 12;
  filler[filler.length - 1] = 0x80;
  return Buffer.concat([body, filler]);
}

describe('security 14: readers that stop reading', () => {
  let server: Tallylight;
  let fat: FlvSource;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    server = await Tallylight.start({ env: { ...QUICK_ENV, HTTP_UNSENT_TIMEOUT_SEC: '2' } });
    fat = await FlvSource.start({
      port: server.rtmpPort,
      key: await server.addKey('fat'),
      files: [await makeClip({ gop: 30, seconds: 60 })],
      edit: (tag) =>
        tag.type === 'video' && !isConfiguration(tag) ? { ...tag, body: fattened(tag.body) } : tag,
    });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    fat.kill();
    await server.stop();
  });

  /** A viewer that asks and never takes a byte of the answer. */
  async function stall(request: string): Promise<void> {
    const socket = connect({ port: server.httpPort, host: '127.0.0.1', localAddress: ATTACKER });
    socket.pause();
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(request);
    sockets.push(socket);
  }

  test('cost bounded memory, are closed in time, and others are served', async () => {
    const bystander = await Bystander.start(server);
    const url = new URL('source/index.m3u8', server.playlistUrl('fat')).href;
    const playlist = await waitFor('two fat segments', async () => {
      const answer = await httpGet(url);
      const now = answer.status === 200 && parseMediaPlaylist(answer.body.toString());
      return now !== false && now.segments.filter(({ gap }) => !gap).length >= 2 && now;
    });
    const targets = playlist.segments.flatMap(({ uri, gap }) => (gap ? [] : new URL(uri, url).pathname));
    const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    // Far more than the kernel's buffers hold, asked for at once.
    const many = get(targets[0] ?? '').repeat(3) + targets.map(get).join('').repeat(20);
    const held = get(`${new URL(url).pathname}?_HLS_msn=${openMsn(playlist) + 1}&_HLS_part=0`).repeat(50);
    const quietMb = await residentMb(server.pid);
    const startedMs = performance.now();
    for (let i = 0; i < READERS; i++) await stall(i % 4 === 3 ? held : many);
    let worstMb = 0;
    // Those whose held reloads were answered wait for their next request, and may.
    const unread = sockets.filter((_, i) => i % 4 !== 3).map(({ localPort = 0 }) => localPort);
    let left = unread.length;
    while (left > 0 && performance.now() - startedMs < 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      worstMb = Math.max(worstMb, (await residentMb(server.pid)) - quietMb);
      const peers = await establishedPeers(server.httpPort);
      left = unread.filter((port) => peers.includes(port)).length;
    }
    const tookMs = performance.now() - startedMs;
    expect(left).toBe(0);
    expect(tookMs).toBeLessThan(15_000);
    expect(worstMb).toBeLessThan(100 + READERS);
    expect(await bystander.leave()).toEqual([]);
  });
});
