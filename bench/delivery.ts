/** `npm run bench:delivery`: viewers at real pace; plain HLS beside nginx with the same files, and held reloads of low-latency HLS. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '../tests/support/free-port.ts';
import { httpGet } from '../tests/support/http-client.ts';
import { FfmpegPublisher } from '../tests/support/publisher.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { waitFor } from '../tests/support/wait-for.ts';
import { type LoadResult, runLoad } from './support/load/run-load.ts';
import { Nginx, nginxInstalled } from './support/nginx.ts';
import { measureTree } from './support/process-tree.ts';
import { option, percentile, report, round, seconds, wordOption } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';

const STREAM = 'bench';
const VIEWERS = option('viewers', 500);
const SECONDS = option('seconds', 20);
const LL_VIEWERS = option('ll-viewers', 500);
const LL_SECONDS = option('ll-seconds', 15);
/** Long enough for V8 to have compiled what is hot. */
const LL_JOIN_SEC = option('ll-join', 8);
const LL_BITRATE_KBPS = option('ll-kbps', 1500);
const PART_MS = option('part-ms', 333);
/** `classic`, `ll`, or both. */
const ONLY = wordOption('only', 'both');
const SEGMENT_SEC = 2;
/** Everything that one machine's load maker needs to come from one address. */
const LIMITS = {
  HTTP_MAX_CONNECTIONS: '20000',
  HTTP_MAX_CONNECTIONS_PER_ADDRESS: '20000',
  HELD_RELOADS: '20000',
  HELD_RELOADS_PER_ADDRESS: '20000',
};
/** A viewer follows picture and sound. */
const RENDITIONS = ['source', 'audio'];

function publish(server: Tallylight, file: string, key: string): FfmpegPublisher {
  return FfmpegPublisher.start(
    `-v error -re -stream_loop -1 -i ${file} -c copy -f flv ${server.rtmpUrl}/${key}`.split(' '),
  );
}

function playlistPath(rendition: string): string {
  return `/hls/${STREAM}/${rendition}/index.m3u8`;
}

function classicLoad(port: number, playlists: readonly string[], pid: number): Promise<LoadResult> {
  const options = { kind: 'classic', port, playlists, viewers: VIEWERS, segmentSec: SEGMENT_SEC } as const;
  return runLoad({ ...options, seconds: SECONDS, joinSeconds: 10 }, pid);
}

/** Copies a rendition's playlist and segments to a folder. */
async function copyRendition(server: Tallylight, rendition: string, folder: string): Promise<void> {
  const base = `${server.url}/hls/${STREAM}/${rendition}/`;
  const playlist = await httpGet(`${base}index.m3u8`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.m3u8'), playlist.body);
  for (const name of playlist.body.toString().match(/^[^#\n]+\.m4s/gm) ?? []) {
    await writeFile(join(folder, name), (await httpGet(`${base}${name}`)).body);
  }
}

async function measureClassic(): Promise<{
  own: LoadResult;
  idlePercent: number;
  peer: LoadResult | undefined;
}> {
  const file = sourceFile({ size: '1920x1080', fps: 30, bitrate: '4000k', seconds: 20 });
  const server = await Tallylight.start({ env: { LADDER: 'off', ...LIMITS } });
  const publisher = publish(server, file, await server.addKey(STREAM));
  const nginx = nginxInstalled(false) ? await startNginx() : undefined;
  try {
    await seconds(14);
    const { cpuPercent: idlePercent } = await measureTree(server.pid, 6);
    const own = await classicLoad(server.httpPort, RENDITIONS.map(playlistPath), server.pid);
    if (nginx === undefined) return { own, idlePercent, peer: undefined };
    for (const rendition of RENDITIONS)
      await copyRendition(server, rendition, join(nginx.nginx.directory, rendition));
    await publisher.stop('SIGKILL');
    const paths = RENDITIONS.map((rendition) => `/${rendition}/index.m3u8`);
    const peer = await classicLoad(nginx.port, paths, nginx.nginx.pid);
    return { own, idlePercent, peer };
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
    await nginx?.nginx.stop();
  }
}

async function startNginx(): Promise<{ nginx: Nginx; port: number }> {
  const port = await freePort();
  const nginx = await Nginx.start(
    `http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; types { video/mp4 m4s; application/vnd.apple.mpegurl m3u8; }
     server { listen 127.0.0.1:${port} backlog=1024; root {dir}; } }`,
    { rtmp: false },
  );
  return { nginx, port };
}

interface LowLatency {
  readonly load: LoadResult;
  /** From the part's instant to the answer in the kernel's hands, as the server saw it. */
  readonly releaseMs: readonly number[];
  /** To the released playlist in the client's hands. */
  readonly playlistMs: readonly number[];
  readonly partMs: readonly number[];
}

async function measureLowLatency(renditions: readonly string[]): Promise<LowLatency> {
  const file = sourceFile({ size: '1280x720', fps: 30, bitrate: `${LL_BITRATE_KBPS}k`, seconds: 20 });
  const probe = pathToFileURL(join(import.meta.dirname, 'support/part-instants.ts')).href;
  const server = await Tallylight.start({
    env: {
      ...{ LADDER: 'off', PART_DURATION_MS: String(PART_MS), ...LIMITS },
      // What the caller gives, such as --cpu-prof, counts as well.
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${probe}`,
    },
  });
  const publisher = publish(server, file, await server.addKey(STREAM));
  try {
    await waitFor('a playlist', async () => (await httpGet(server.playlistUrl(STREAM))).status === 200);
    await seconds(3);
    const playlists = renditions.map(playlistPath);
    const measuredFromNs = process.hrtime.bigint() + BigInt(LL_JOIN_SEC + 1) * 1_000_000_000n;
    const load = await runLoad(
      {
        ...{ kind: 'll', port: server.httpPort, playlists, viewers: LL_VIEWERS, segmentSec: SEGMENT_SEC },
        seconds: LL_SECONDS,
        joinSeconds: LL_JOIN_SEC,
      },
      server.pid,
    );
    const instants = new Map(
      server.log.flatMap((line) =>
        line['probe'] === 'part'
          ? [
              [
                `${String(line['rendition'])} ${String(line['msn'])}.${String(line['part'])}`,
                BigInt(String(line['ns'])),
              ],
            ]
          : [],
      ),
    );
    const since = (rendition: number, msn: number, part: number, ns: string): number[] => {
      const at = instants.get(`${renditions[rendition]} ${msn}.${part}`);
      return at === undefined ? [] : [Number(BigInt(ns) - at) / 1e6];
    };
    const { arrivals } = load;
    return {
      load,
      releaseMs: server.log.flatMap((line) =>
        line['probe'] === 'releases' && BigInt(String(line['ns'])) > measuredFromNs
          ? (line['ms'] as number[]).slice()
          : [],
      ),
      playlistMs: arrivals.flatMap(({ playlist, msn, part, releasedNs }) =>
        since(playlist, msn, part, releasedNs),
      ),
      partMs: arrivals.flatMap(({ playlist, msn, part, arrivedNs }) => since(playlist, msn, part, arrivedNs)),
    };
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
  }
}

function classicRow(server: string, load: LoadResult, idlePercent: number) {
  return {
    server,
    viewers: VIEWERS,
    cpuPercent: round(load.serverCpuPercent),
    idlePercent: round(idlePercent),
    cpuPercentPer1000: round(((load.serverCpuPercent - idlePercent) * 1000) / VIEWERS),
    segmentP50Ms: round(percentile(load.segmentMs, 0.5)),
    segmentP99Ms: round(percentile(load.segmentMs, 0.99)),
    megabits: round((load.bytes * 8) / SECONDS / 1e6, 0),
    loadMakerPercent: round(load.ownCpuPercent, 0),
    failures: JSON.stringify(load.failures),
  };
}

function lowLatencyRow({ load, releaseMs, playlistMs, partMs }: LowLatency, follows: string) {
  return {
    follows,
    viewers: LL_VIEWERS,
    cpuPercent: round(load.serverCpuPercent, 1),
    releasedP50Ms: round(percentile(releaseMs, 0.5)),
    releasedP99Ms: round(percentile(releaseMs, 0.99)),
    releasedMaxMs: round(percentile(releaseMs, 1)),
    playlistP50Ms: round(percentile(playlistMs, 0.5)),
    playlistP99Ms: round(percentile(playlistMs, 0.99)),
    partP50Ms: round(percentile(partMs, 0.5)),
    partP99Ms: round(percentile(partMs, 0.99)),
    reloads: releaseMs.length,
    requestsPerSec: round(load.requests / LL_SECONDS, 0),
    loadMakerPercent: round(load.ownCpuPercent, 0),
    failures: JSON.stringify(load.failures),
  };
}

/** A row with its keys in words, for people. */
function inWords(row: object): Record<string, unknown> {
  const words = (key: string): string => key.replaceAll(/[A-Z]|1000/g, (found) => ` ${found.toLowerCase()}`);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [words(key), value]));
}

const result: Record<string, unknown> = {};
if (ONLY !== 'll') {
  const { own: load, peer: peerLoad, idlePercent } = await measureClassic();
  const own = classicRow('ours', load, idlePercent);
  const peer = peerLoad && classicRow('nginx', peerLoad, 0);
  if (peer === undefined) console.log('nginx is not installed: no peer beside us');
  const ratio = peer && round(own.cpuPercentPer1000 / peer.cpuPercentPer1000);
  Object.assign(result, { ...own, ratio: ratio ?? null, peer: peer ?? null });
  report(
    `Plain HLS, ${VIEWERS} viewers of picture (4 Mbps) and sound, a playlist and a segment of each every ${SEGMENT_SEC} s; ${ratio ?? '?'} times nginx`,
    [own, ...(peer === undefined ? [] : [peer])].map(inWords),
  );
}
if (ONLY !== 'classic') {
  const ll = lowLatencyRow(await measureLowLatency(['source']), 'picture');
  const llWithSound = lowLatencyRow(await measureLowLatency(RENDITIONS), 'picture and sound');
  Object.assign(result, { ll, llWithSound });
  report(
    `LL-HLS, parts of ${PART_MS} ms at ${LL_BITRATE_KBPS} kbps; times from the instant at which the packager had the part`,
    [ll, llWithSound].map(inWords),
  );
}
if (process.argv.includes('--json')) console.log(`\n${JSON.stringify(result)}`);
process.exit(0);
