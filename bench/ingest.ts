/** `npm run bench:ingest`: CPU and memory of passthrough publishers, beside nginx with its RTMP module on the same machine. */

import { freePort } from '../tests/support/free-port.ts';
import { FfmpegPublisher } from '../tests/support/publisher.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { Nginx, nginxInstalled } from './support/nginx.ts';
import { measureTree, treeUsage } from './support/process-tree.ts';
import { option, report, round } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';

const SECONDS = option('seconds', 12);
const SETTLE_MS = 28_000;
const COUNTS = [1, 5, 10];

interface Measured {
  readonly publishers: number;
  readonly cpuPercent: number;
  readonly rssMb: number;
}

/** Publishes the file `count` times at once and measures the server's process tree when the windows have filled. */
async function measure(pid: number, urls: readonly string[], file: string): Promise<Measured[]> {
  const results: Measured[] = [];
  const publishers: FfmpegPublisher[] = [];
  for (const count of COUNTS) {
    for (const url of urls.slice(publishers.length, count)) {
      publishers.push(
        FfmpegPublisher.start([
          '-v',
          'error',
          '-re',
          '-stream_loop',
          '-1',
          '-i',
          file,
          '-c',
          'copy',
          '-f',
          'flv',
          url,
        ]),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, count === COUNTS.at(-1) ? SETTLE_MS : 6000));
    const { cpuPercent, rssMb } = await measureTree(pid, SECONDS);
    if (publishers.some((publisher) => !publisher.running))
      throw new Error(`a publisher died: ${publishers.map((p) => p.stderr).join('; ')}`);
    results.push({ publishers: count, cpuPercent, rssMb });
  }
  for (const publisher of publishers) await publisher.stop('SIGKILL');
  return results;
}

const file = sourceFile({ size: '1920x1080', fps: 30, bitrate: '4000k', seconds: 20 });
const server = await Tallylight.start({ env: { LADDER: 'off', LOG_LEVEL: 'info' } });
const keys: string[] = [];
for (let index = 0; index < 10; index += 1) keys.push(await server.addKey(`bench-${index}`));
const idleMb = treeUsage(server.pid).rssBytes / 1024 / 1024;
const ours = await measure(
  server.pid,
  keys.map((key) => `${server.rtmpUrl}/${key}`),
  file,
);
await server.stop();

let peers: Measured[] = [];
let peerIdleMb = Number.NaN;
if (nginxInstalled(true)) {
  const port = await freePort();
  const conf = `rtmp { server { listen 127.0.0.1:${port}; application live { live on; hls on; hls_path {dir}/hls; hls_fragment 2s; hls_playlist_length 12s; } } }`;
  const nginx = await Nginx.start(conf, { rtmp: true });
  peerIdleMb = treeUsage(nginx.pid).rssBytes / 1024 / 1024;
  peers = await measure(
    nginx.pid,
    keys.map((_, index) => `rtmp://127.0.0.1:${port}/live/bench-${index}`),
    file,
  );
  await nginx.stop();
} else {
  console.log('nginx with libnginx-mod-rtmp is not installed: no peer beside us');
}

const rows = ours.map((own, index) => {
  const peer = peers[index];
  return {
    publishers: own.publishers,
    'CPU %': round(own.cpuPercent),
    'RSS MB': round(own.rssMb, 1),
    'CPU % each': round(own.cpuPercent / own.publishers),
    'RSS MB each above idle': round((own.rssMb - idleMb) / own.publishers, 1),
    'nginx-rtmp CPU %': peer && round(peer.cpuPercent),
    'nginx-rtmp RSS MB': peer && round(peer.rssMb, 1),
    'CPU ratio': peer && round(own.cpuPercent / peer.cpuPercent, 1),
  };
});
report(
  `Passthrough publishers, 1080p30 at 4.1 Mbps (idle ${round(idleMb, 1)} MB; nginx ${round(peerIdleMb, 1)} MB)`,
  rows,
  {
    idleRssMb: round(idleMb, 1),
    results: ours.map((own, index) => ({ ...own, peer: peers[index] ?? null })),
  },
);
