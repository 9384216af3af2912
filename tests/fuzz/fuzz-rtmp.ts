import { connect } from 'node:net';
import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { Bystander } from '../support/bystander.ts';
import { errorLines, troubleLines } from '../support/log-levels.ts';
import { anotherAddress } from '../support/peer-addresses.ts';
import { residentMb } from '../support/process-memory.ts';
import { Tallylight } from '../support/tallylight.ts';
import { derangedSession, realTags } from './recorded-session.ts';

/** What a run of deranged sessions did to a server. */
export interface RtmpFuzz {
  readonly cases: number;
  /** Sessions that got as far as to publish media. */
  readonly published: number;
  /** What the server logged as its own error. */
  readonly errors: readonly object[];
  /** Peers with more than one warning. */
  readonly talkative: readonly object[];
  readonly unhandled: boolean;
  readonly extraMb: number;
  /** Complaints of an honest publisher and its viewer. */
  readonly complaints: readonly string[];
}

/** At the same time, each with a stream and key of its own; fewer when each has an FFmpeg too. */
const ATTACKERS = { passthrough: 8, encoded: 3 } as const;
/** A session that hangs is cut. */
const CASE_MS = 3000;

/** Sends sessions of real encoders, mutated with a seed, through sockets until `cases` are done or the time is over. */
export async function fuzzRtmp(options: {
  readonly seed: number;
  readonly cases: number;
  readonly timeMs: number;
  readonly ladder: string;
}): Promise<RtmpFuzz> {
  const { seed, cases, timeMs, ladder } = options;
  const server = await Tallylight.start({
    env: {
      LADDER: ladder,
      SEGMENT_DURATION_MS: '1000',
      RECONNECT_WINDOW_SEC: '0',
      RTMP_KEY_FAILURES_PER_MINUTE: '1000',
      // FFmpegs of streams that just ended still flush.
      FFMPEG_MAX_PROCESSES: '64',
    },
  });
  const attackers = ladder === 'off' ? ATTACKERS.passthrough : ATTACKERS.encoded;
  try {
    const keys: string[] = [];
    for (let i = 0; i < attackers; i++) keys.push(await server.addKey(`attacker${i}`));
    const tags = await realTags(40);
    const bystander = await Bystander.start(server);
    const quietMb = await residentMb(server.pid);
    const deadline = performance.now() + timeMs;
    let done = 0;
    const attack = async (key: string): Promise<void> => {
      while (done < cases && performance.now() < deadline) {
        const random = new SeededRandom(seed + done++ * 7919);
        await talk(server.rtmpPort, derangedSession(random, key, tags), random);
      }
    };
    await Promise.all(keys.map(attack));
    const complaints = await bystander.leave();
    const byPeer = Map.groupBy(
      troubleLines(server).filter(({ peer }) => peer !== undefined),
      ({ peer }) => peer,
    );
    return {
      cases: done,
      published: server.log.filter(
        ({ msg, videoUnits }) => msg === 'publisher left' && Number(videoUnits) > 0,
      ).length,
      errors: errorLines(server),
      talkative: [...byPeer.values()].filter((lines) => lines.length > 2).slice(0, 5),
      unhandled: /unhandled|uncaught/i.test(server.output),
      extraMb: (await residentMb(server.pid)) - quietMb,
      complaints,
    };
  } finally {
    await server.stop();
  }
}

/** Says all of it, in pieces of any size, and waits for the server to close or to have heard the end. */
function talk(port: number, pieces: readonly Uint8Array[], random: SeededRandom): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: anotherAddress() });
    const timer = setTimeout(() => socket.destroy(), CASE_MS);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
    socket.on('connect', () => {
      const bytes = Buffer.concat(pieces);
      socket.setNoDelay(true);
      for (let cuts = random.below(3), from = 0; ; cuts--) {
        const to = cuts === 0 ? bytes.length : from + random.below(bytes.length - from + 1);
        socket.write(bytes.subarray(from, to));
        from = to;
        if (cuts === 0) break;
      }
      if (random.below(4) === 0) socket.resetAndDestroy();
      else socket.end();
    });
  });
}
