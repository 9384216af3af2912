import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { Bystander } from '../support/bystander.ts';
import { openMsn, QUICK_ENV } from '../support/live-stream.ts';
import { errorLines } from '../support/log-levels.ts';
import { residentMb } from '../support/process-memory.ts';
import { RawHttp } from '../support/raw-http.ts';
import { Tallylight } from '../support/tallylight.ts';

/** What a run of odd requests did to a server. */
export interface HlsFuzz {
  readonly cases: number;
  /** How often each status came; 0 is a connection closed without an answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests that were answered by 5xx, or not at all though they were whole. */
  readonly failures: readonly string[];
  readonly errors: readonly object[];
  readonly extraMb: number;
  readonly complaints: readonly string[];
}

const CLIENTS = 16;
const METHODS = [...Array<string>(20).fill('GET'), 'HEAD', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PURGE'];

/** Sends request targets and directives, mutated with a seed, until `cases` are done or the time is over. */
export async function fuzzHls(options: {
  readonly seed: number;
  readonly cases: number;
  readonly timeMs: number;
}): Promise<HlsFuzz> {
  const server = await Tallylight.start({ env: QUICK_ENV });
  try {
    const bystander = await Bystander.start(server);
    const quietMb = await residentMb(server.pid);
    const deadline = performance.now() + options.timeMs;
    const statuses = new Map<number, number>();
    const failures: string[] = [];
    let done = 0;
    const ask = async (): Promise<void> => {
      let client = new RawHttp(server.httpPort, '127.7.7.8');
      while (done < options.cases && performance.now() < deadline) {
        const random = new SeededRandom(options.seed + done++ * 7919);
        const target = oddTarget(random, bystander.reader.playlist);
        const method = random.pick(METHODS);
        client.send(target, oddFields(random), method);
        const answer = await client.answer(12_000).catch(() => 'none' as const);
        const status = answer === undefined || answer === 'none' ? 0 : answer.status;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 || answer === 'none')
          failures.push(`${status} ${method} ${JSON.stringify(target)}`);
        if (status === 0 || status >= 400 || client.closed) {
          client.socket.destroy();
          client = new RawHttp(server.httpPort, '127.7.7.8');
        }
      }
      client.socket.destroy();
    };
    await Promise.all(Array.from({ length: CLIENTS }, ask));
    const complaints = await bystander.leave();
    const extraMb = (await residentMb(server.pid)) - quietMb;
    return {
      cases: done,
      statuses,
      failures: failures.slice(0, 10),
      errors: errorLines(server),
      extraMb,
      complaints,
    };
  } finally {
    await server.stop();
  }
}

/** A target as players ask it, or what becomes of it in odd hands. */
function oddTarget(random: SeededRandom, playlist: MediaPlaylist | undefined): string {
  const msn = playlist === undefined ? 0 : openMsn(playlist);
  const number = (): string =>
    random.pick([
      ...[-2, -1, 0, 1, 2, 3].map((offset) => String(msn + offset)),
      ...[
        '0',
        '1',
        '-1',
        '',
        '1e9',
        '0x10',
        '99999999999999999999',
        '1.5',
        'NaN',
        '%31',
        '٣',
        '1,2',
        String(2 ** 53),
      ],
    ]);
  const directives = ['_HLS_msn', '_HLS_part', '_HLS_skip', '_HLS_report', '_hls_msn', 'x', '__proto__', ''];
  const query = Array.from(
    { length: random.below(5) },
    () =>
      `${random.pick(directives)}${random.pick(['=', '=', '=', '', '=='])}${random.pick([number(), 'YES', 'v2', 'NO'])}`,
  ).join(random.pick(['&', '&', '&', '&&', ';', '?']));
  const file = random.pick([
    'index.m3u8',
    'index.m3u8',
    'index.m3u8',
    playlist?.segments.at(-1)?.uri ?? 'x',
    playlist?.open?.parts.at(-1)?.uri ?? 'x',
    playlist?.segments.at(-1)?.map?.uri ?? 'x',
    playlist?.preloadHints[0]?.uri ?? 'x',
    `a.${number()}.${number()}.m4s`,
    `a.init-${number()}.mp4`,
  ]);
  const path = `/hls/${random.pick(['', '', '', '', '', '', 't/token/', 't/'])}${random.pick([...Array<string>(6).fill('bystander'), 'nobody', '__proto__'])}/${random.pick(['source/', 'source/', 'source/', 'audio/', '', 'x/', 'constructor/'])}${file}`;
  const target = query === '' ? path : `${path}?${query}`;
  if (random.below(3) > 0) return target;
  // Bytes that end a line or a target would make another request of it.
  const bytes = Buffer.from(random.mutate(Buffer.from(target, 'latin1')));
  return `/${bytes
    .toString('latin1')
    .replaceAll(/[\r\n ]/g, '%0a')
    .slice(1)}`;
}

function oddFields(random: SeededRandom): string[] {
  const fields = [
    `Range: bytes=${random.pick(['0-', '-1', '5-2', '0-0,2-3', '99999999999999999999-', 'x', '0-18446744073709551616'])}`,
    `If-None-Match: ${random.pick(['*', '"x"', 'W/"x"', '"'.repeat(50)])}`,
    `Accept-Encoding: ${random.pick(['gzip', 'gzip;q=0', '*', 'br, gzip;q=abc', ','.repeat(100)])}`,
    `X-Forwarded-For: ${random.pick(['127.0.0.1', '::ffff:1.2.3.4', 'x', ','.repeat(200)])}`,
    `Origin: ${random.pick(['null', 'http://evil.example', 'x'.repeat(1000)])}`,
  ];
  return fields.filter(() => random.below(6) === 0);
}
