import { BYSTANDER_CLIP } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { LlReader } from '../support/ll-reader.ts';
import { ffmpegsBelow, isAlive } from '../support/process-tree.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { currentPlaylist } from './edge-msn.ts';

/** What one death of FFmpeg did. */
export interface EncoderDeath {
  /** Milliseconds until the next FFmpeg; undefined when there was none. */
  readonly respawnMs: number | undefined;
}

/** What a row of deaths did. */
export interface EncoderDeaths {
  readonly deaths: readonly EncoderDeath[];
  /** Wounds of the source rendition, in words. */
  readonly sourceWounds: readonly string[];
  /** Longest time without a new part of the rung, and the longest hole or GAP in its timeline, in seconds. */
  readonly rungSilentSec: number;
  readonly rungHoleSec: number;
  /** Whether the rung's playlist went on after the last death. */
  readonly rungGoesOn: boolean;
  /** FFmpeg of the other stream: alive and the same to the end. */
  readonly otherUntouched: boolean;
  /** FFmpegs that were killed or replaced and live. */
  readonly orphans: number;
  readonly log: readonly Record<string, unknown>[];
}

/** Fault F2: kills a stream's FFmpeg so many times in a row, each as soon as its rung has new media again. */
export async function killFfmpeg(times: number): Promise<EncoderDeaths> {
  const server = await Tallylight.start({ env: { ...QUICK_ENV, LADDER: '144p:100k' } });
  try {
    const files = [await makeClip(BYSTANDER_CLIP)];
    const urlOf = (stream: string, id: string): string =>
      new URL(`${id}/index.m3u8`, server.playlistUrl(stream)).href;
    const publish = async (id: string): Promise<FlvSource> =>
      FlvSource.start({ port: server.rtmpPort, key: await server.addKey(id), files });
    const other = await publish('other');
    // Only then: FFmpegs that are tried out at the start are gone.
    await waitFor('the rung of the other', () => hasParts(urlOf('other', '144p')));
    const [otherPid = 0] = ffmpegsBelow(server.pid);
    const victim = await publish('victim');
    const mine = (): number[] => ffmpegsBelow(server.pid).filter((pid) => pid !== otherPid);
    await waitFor('the rung', () => hasParts(urlOf('victim', '144p')));
    const source = new LlReader(urlOf('victim', 'source'));
    const rung = new LlReader(urlOf('victim', '144p'));
    const watching = new AbortController();
    const watched = [source, rung].map(async (reader) => {
      while (!watching.signal.aborted) await reader.follow(reader.mediaSec + 0.5, 3000);
    });
    const deaths: EncoderDeath[] = [];
    const seen = new Set<number>();
    while (deaths.length < times) {
      const [pid = 0] = await waitFor('an FFmpeg to kill', () => some(mine()));
      seen.add(pid);
      const killedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      const last = deaths.length + 1 >= 5;
      const next = await waitFor(
        'the next FFmpeg',
        () => some(mine().filter((each) => each !== pid)),
        last ? 1500 : 7000,
        10,
      ).catch(() => undefined);
      deaths.push({ respawnMs: next === undefined ? undefined : performance.now() - killedMs });
      if (next === undefined) break;
      const before = rung.mediaSec;
      await waitFor('new media of the rung', () => rung.mediaSec > before + 0.5);
    }
    const before = rung.mediaSec;
    const rungGoesOn = await waitFor('the rung to go on', () => rung.mediaSec > before + 1.5, 8000).then(
      () => true,
      () => false,
    );
    watching.abort();
    await Promise.all(watched);
    const otherUntouched = isAlive(otherPid);
    other.kill();
    victim.kill();
    return {
      deaths,
      sourceWounds: [...source.problems, ...source.holes],
      rungSilentSec: longestSilenceSec(rung),
      rungHoleSec: longestHoleSec(rung),
      rungGoesOn,
      otherUntouched,
      orphans: [...seen].filter(isAlive).length,
      log: server.log.filter((line) => line['streamId'] === 'victim'),
    };
  } finally {
    await server.stop();
  }
}

async function hasParts(url: string): Promise<boolean> {
  return ((await currentPlaylist(url))?.open?.parts.length ?? 0) > 1;
}

function some<T>(list: readonly T[]): readonly T[] | false {
  return list.length > 0 && list;
}

function longestSilenceSec(reader: LlReader): number {
  let longestMs = 0;
  reader.parts.forEach((part, at) => {
    const previous = reader.parts[at - 1];
    if (previous !== undefined) longestMs = Math.max(longestMs, part.arrivedMs - previous.arrivedMs);
  });
  return longestMs / 1000;
}

function longestHoleSec(reader: LlReader): number {
  let longest = 0;
  let endSec: number | undefined;
  for (const { media, discontinuity } of reader.parts) {
    if (media === undefined) continue;
    const startSec = media.startTicks / media.timescale;
    if (endSec !== undefined && !discontinuity) longest = Math.max(longest, startSec - endSec);
    endSec = startSec + media.durationTicks / media.timescale;
  }
  return longest;
}
