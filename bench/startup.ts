/** `npm run bench:startup`: process start to listening, and NetStream.Publish.Start to media that can be fetched. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { FlvSource } from '../tests/support/flv-source.ts';
import { freePort } from '../tests/support/free-port.ts';
import { type HttpAnswer, httpGet } from '../tests/support/http-client.ts';
import { Tallylight } from '../tests/support/tallylight.ts';
import { median, option, report, round, seconds, wordOption } from './support/report.ts';
import { sourceFile } from './support/source-file.ts';

const BIN = join(import.meta.dirname, '../packages/server/bin/tallylight.mjs');
const STARTS = option('starts', 7);
const PUBLISHES = option('publishes', 7);
const SIZE = wordOption('size', '1920x1080');
/** The source, 720p, 480p and 360p. */
const RENDITIONS = option('renditions', 4);
const TIMEOUT_MS = 10_000;

/** From spawn to the log line `listening`, in milliseconds. */
async function measureStart(dataDir: string): Promise<number> {
  const ports = { HTTP_PORT: await freePort(), RTMP_PORT: await freePort() };
  const env = { HTTP_HOST: '127.0.0.1', DATA_DIR: dataDir, LOG_FORMAT: 'json' };
  const numbers = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  const fromMs = performance.now();
  const child = spawn(process.execPath, [BIN, 'serve', '--no-demo'], {
    env: { ...process.env, ...env, ...numbers },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    return await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stderr.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('"listening"')) resolve(performance.now() - fromMs);
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** Times after NetStream.Publish.Start, in milliseconds. */
interface Published {
  /** The last byte of the last rendition's first part that could be fetched. */
  readonly playableMs: number;
  /** The last byte of the first part of any rendition. */
  readonly firstPartMs: number;
  readonly renditions: number;
}

async function measurePublish(server: Tallylight, file: string, streamId: string): Promise<Published> {
  const key = await server.addKey(streamId);
  const source = await FlvSource.start({ port: server.rtmpPort, key, files: [file] });
  const fromMs = performance.now();
  try {
    const multivariant = server.playlistUrl(streamId);
    const anyPart = Promise.any(
      ['source', 'audio'].map((id) => firstPart(new URL(`${id}/index.m3u8`, multivariant))),
    );
    const listed = parseMultivariantPlaylist((await until200(new URL(multivariant))).body.toString());
    const uris = [...listed.variants, ...listed.renditions].flatMap(({ uri }) => uri ?? []);
    const ready = await Promise.all(uris.map((uri) => firstPart(new URL(uri, multivariant))));
    return {
      playableMs: Math.max(...ready) - fromMs,
      firstPartMs: (await anyPart) - fromMs,
      renditions: listed.variants.length,
    };
  } finally {
    await source.stop();
  }
}

/** When the newest part of a playlist had arrived whole. */
async function firstPart(playlistUrl: URL): Promise<number> {
  const playlist = parseMediaPlaylist((await until200(playlistUrl)).body.toString());
  const part = newestPart(playlist);
  if (part === undefined) throw new Error(`no part listed in ${playlistUrl}`);
  const answer = await httpGet(new URL(part, playlistUrl).href);
  if (answer.status !== 200) throw new Error(`${answer.status} for the part ${part}`);
  return answer.lastByteMs;
}

function newestPart({ open, segments }: MediaPlaylist): string | undefined {
  const parts = [...segments.flatMap((segment) => segment.parts), ...(open?.parts ?? [])];
  return parts.findLast((part) => !part.gap)?.uri;
}

/** Asks again and again; what the server holds for us is answered as soon as it can be. */
async function until200(url: URL): Promise<HttpAnswer> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    const answer = await httpGet(url.href);
    if (answer.status === 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no answer 200 within ${TIMEOUT_MS} ms: ${url}`);
}

const dataDir = await mkdtemp(join(tmpdir(), 'tallylight-bench-'));
const starts: number[] = [];
for (let turn = 0; turn < STARTS; turn += 1) starts.push(await measureStart(dataDir));
await rm(dataDir, { recursive: true, force: true });

const file = sourceFile({ size: SIZE, fps: 30, bitrate: '4000k', seconds: 20 });
// The budget must not shed a rung because earlier publishers are only just gone.
const server = await Tallylight.start({ env: { CPU_BUDGET_CORES: '64' } });
const published: Published[] = [];
// FFmpeg is looked for in the background of the start; a warm server has found it.
await seconds(2);
for (let turn = 0; turn < PUBLISHES; turn += 1) {
  published.push(await measurePublish(server, file, `bench-${turn}`));
  await seconds(1.5);
}
await server.stop();
if (published.some((each) => each.renditions < RENDITIONS))
  console.log('a stream had fewer renditions than it should:\n' + server.output);

const listeningMs = round(median(starts), 0);
const publishToPlayableMs = round(median(published.map(({ playableMs }) => playableMs)), 0);
const publishToFirstPartMs = round(median(published.map(({ firstPartMs }) => firstPartMs)), 0);
const range = (values: readonly number[]): string =>
  `${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))}`;
const renditions = Math.min(...published.map((each) => each.renditions));
report(
  `Start of the server, and of a stream of ${SIZE} at 30 fps with ${renditions} renditions`,
  [
    { what: 'start → listening', 'median ms': listeningMs, 'range ms': range(starts), runs: STARTS },
    {
      what: 'Publish.Start → first part of any rendition',
      'median ms': publishToFirstPartMs,
      'range ms': range(published.map(({ firstPartMs }) => firstPartMs)),
      runs: PUBLISHES,
    },
    {
      what: 'Publish.Start → a part of every listed rendition',
      'median ms': publishToPlayableMs,
      'range ms': range(published.map(({ playableMs }) => playableMs)),
      runs: PUBLISHES,
    },
  ],
  {
    listeningMs,
    publishToPlayableMs,
    publishToFirstPartMs,
    renditions,
    starts: starts.map((ms) => round(ms, 0)),
    publishes: published.map(({ playableMs, firstPartMs, renditions: count }) => ({
      firstPartMs: round(firstPartMs, 0),
      playableMs: round(playableMs, 0),
      renditions: count,
    })),
  },
);
process.exit(0);
