import { ticks } from '@tallylight/media/time/ticks.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ChildProcesses } from '../../platform/child-process.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import { cpuSeconds } from '../ffmpeg/cpu-usage.ts';
import { Ffmpeg } from '../ffmpeg/installation.ts';
import { until } from '../testing/recorder.ts';
import { AudioEncoder } from './audio-encoder.ts';
import { aacClicks, findClicks, opusClicks, type SoundClip } from './testing/clicks.ts';

const children = new ChildProcesses();
const ffmpeg = new Ffmpeg({}, silentLogger);
const START_MS = 10_000;
/** Clicks at odd places of odd frames. */
const CLICKS_MS = [503, 1511, 2507, 3517];

/** How a test plays a clip into an encoder. */
interface Encoding {
  readonly encoder: AudioEncoder;
  readonly units: AccessUnit[];
  /** Writes a unit of the clip when it is due. */
  write(unit: AccessUnit): void;
}

beforeAll(() => ffmpeg.installation());
afterAll(() => children.close());

function encoding(clip: SoundClip): Encoding {
  const units: AccessUnit[] = [];
  const encoder = new AudioEncoder({
    ffmpeg,
    children,
    clock: systemClock,
    log: silentLogger,
    track: clip.track,
    target: clip.track.codec === 'opus' ? 'aac' : 'opus',
    onUnit: (unit) => units.push(unit),
  });
  onTestFinished(() => encoder.close());
  return { encoder, units, write: (unit) => encoder.write(unit) };
}

/** The newest stamp that came out. */
function newestMs(units: readonly AccessUnit[]): number {
  return units.at(-1)?.pts ?? Number.NEGATIVE_INFINITY;
}

/** Plays all units at once and waits until they have come out. */
async function playAll(clip: SoundClip, keep: (unit: AccessUnit) => boolean = () => true): Promise<Encoding> {
  const run = encoding(clip);
  for (const unit of clip.units) {
    if (keep(unit)) run.write(unit);
    // As bounded as in life: what the pipe does not take is dropped.
    if (keep(unit) && unit.pts > START_MS + 550 && unit.pts % 500 >= 100 && unit.pts % 500 < 120)
      await until('FFmpeg has kept up', () => newestMs(run.units) > unit.pts - 400);
  }
  await until('all has come out', () => newestMs(run.units) > (clip.units.at(-1)?.pts ?? 0) - 100);
  return run;
}

function expectClicks(found: readonly number[], expected: readonly number[]): void {
  const offsets = found.map((ms, index) => ms - START_MS - (expected[index] ?? Number.NaN));
  expect(found, String(offsets)).toHaveLength(expected.length);
  for (const offset of offsets) expect(Math.abs(offset), String(offsets)).toBeLessThan(5);
}

describe('AudioEncoder', () => {
  test('Opus into AAC: a click is heard where it was', async () => {
    const clip = await opusClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS });
    const { encoder, units } = await playAll(clip);
    expectClicks(await findClicks(encoder.track, units), CLICKS_MS);
  });

  test.each([48_000, 44_100, 22_050])(
    'AAC at %i Hz into Opus: a click is heard where it was',
    async (rate) => {
      const clip = await aacClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS, rate });
      const { encoder, units } = await playAll(clip);
      expectClicks(await findClicks(encoder.track, units), CLICKS_MS);
      expect(new Set(units.map(({ payload }) => payload.length))).toEqual(new Set([240]));
    },
  );

  test('lost packets do not move what follows', async () => {
    const clip = await opusClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS });
    const lost = new Set(
      [700, 900, 920, 940, 1300, 2000, 2020, 2040, 2060, 2080, 2100].map((ms) => START_MS + ms),
    );
    const { encoder, units } = await playAll(clip, (unit) => !lost.has(unit.pts));
    expectClicks(await findClicks(encoder.track, units), CLICKS_MS);
  });

  test('a silence of a second is a hole of a second', async () => {
    const clip = await opusClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS });
    const muted = (unit: AccessUnit): boolean => unit.pts > START_MS + 1600 && unit.pts < START_MS + 2480;
    const { encoder, units } = await playAll(clip, (unit) => !muted(unit));
    expectClicks(await findClicks(encoder.track, units), CLICKS_MS);
    const steps = units.slice(1).map((unit, index) => unit.pts - (units[index]?.pts ?? 0));
    expect(steps.filter((step) => step > 100)).toHaveLength(1);
  });

  test('stamps that stray by some milliseconds do not matter', async () => {
    const clip = await aacClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS, rate: 44_100 });
    const strays = [0, 7, -6, 3];
    const units = clip.units.map((unit, index) => ({
      ...unit,
      pts: ticks(unit.pts + (strays[index % strays.length] ?? 0)),
    }));
    const run = await playAll({ ...clip, units });
    expectClicks(await findClicks(run.encoder.track, run.units), CLICKS_MS);
  });

  test('a frame that cannot be decoded does not move what follows', async () => {
    const clip = await aacClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS, rate: 48_000 });
    const run = encoding(clip);
    const broken = clip.units.findIndex(({ pts }) => pts > START_MS + 1700);
    for (const [index, unit] of clip.units.entries()) {
      run.write(index === broken ? { ...unit, payload: new Uint8Array(200).fill(0x5a) } : unit);
      // A frame behind the broken one, that the next FFmpeg need not be there for yet.
      if (index === broken) await until('there is another FFmpeg', () => run.encoder.dump().restarts === 1);
      if (index === broken) await until('it runs', () => run.encoder.dump().pid !== undefined);
      if (index % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await until('all has come out', () => newestMs(run.units) > START_MS + 3900);
    expectClicks(await findClicks(run.encoder.track, run.units), CLICKS_MS);
  });

  test('another FFmpeg takes over when one dies, on the same clock', async () => {
    const clip = await opusClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS });
    const run = encoding(clip);
    const half = clip.units.filter((unit) => unit.pts < START_MS + 1700);
    for (const unit of half) run.write(unit);
    await until('the first half has come out', () => newestMs(run.units) > START_MS + 1550);
    const { pid } = run.encoder.dump();
    expect(pid).toBeDefined();
    process.kill(pid ?? 0, 'SIGKILL');
    await until('there is another', () => ![undefined, pid].includes(run.encoder.dump().pid));
    for (const unit of clip.units) if (unit.pts > START_MS + 2200) run.write(unit);
    await until('the rest has come out', () => newestMs(run.units) > START_MS + 3900);
    expectClicks(await findClicks(run.encoder.track, run.units), CLICKS_MS);
    expect(run.encoder.dump().restarts).toBe(1);
  });

  test('adds less than 60 ms to become AAC and 25 ms to become Opus, and costs a few hundredths of a core', async () => {
    for (const [clip, limitMs] of [
      [await opusClicks({ seconds: 5, clicksMs: [], startMs: START_MS }), 60],
      [await aacClicks({ seconds: 5, clicksMs: [], startMs: START_MS, rate: 48_000 }), 25],
    ] as const) {
      const run = encoding(clip);
      const lags: number[] = [];
      let seen = 0;
      await until('FFmpeg runs', () => run.encoder.dump().pid !== undefined);
      const startMs = performance.now();
      const elapsedMs = (): number => performance.now() - startMs;
      const frameMs = (run.encoder.track.samplesPerFrame * 1000) / run.encoder.track.sampleRate;
      const inputMs = (clip.track.samplesPerFrame * 1000) / clip.track.sampleRate;
      for (let next = 0; next < clip.units.length; ) {
        // A frame can be written when its last sample was heard.
        for (let unit = clip.units[next]; unit !== undefined; unit = clip.units[next]) {
          if (unit.pts - START_MS + inputMs > elapsedMs()) break;
          run.write(unit);
          next += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
        for (; seen < run.units.length; seen++)
          lags.push(elapsedMs() - ((run.units[seen]?.pts ?? 0) - START_MS + frameMs));
      }
      const steady = lags.slice(50).sort((a, b) => a - b);
      const [p10 = Number.NaN, p50 = Number.NaN] = [
        steady[Math.floor(steady.length / 10)],
        steady[steady.length >> 1],
      ];
      const cpu = ((await cpuSeconds(run.encoder.dump().pid ?? 0)) ?? 0) / (elapsedMs() / 1000);
      console.info(`${clip.track.codec}: p50 ${p50.toFixed(1)} ms, ${(cpu * 100).toFixed(1)} % of a core`);
      // A busy machine delays some; what is held back would delay all.
      expect(p10).toBeLessThan(limitMs);
      expect(cpu).toBeLessThan(0.1);
    }
  });
});
