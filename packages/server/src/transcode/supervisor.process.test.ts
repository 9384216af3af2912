import { ticks } from '@tallylight/media/time/ticks.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { FfmpegInstallation } from './ffmpeg/installation.ts';
import { probeFfmpeg } from './ffmpeg/probe.ts';
import type { TranscodeTask } from './generation.ts';
import type { Rung } from './rung.ts';
import type { GenerationStart } from './rung-outlet.ts';
import { TranscodeSupervisor } from './supervisor.ts';
import type { TranscodeListener, TranscodeSupervisorOptions } from './supervisor-options.ts';
import { type EncodedClip, encodeClip } from './testing/encoded-clip.ts';
import { until } from './testing/recorder.ts';
import type { TranscodeProgress } from './transcode-session.ts';

const children = new ChildProcesses();
let installation: FfmpegInstallation;
let clip: EncodedClip;
let other: EncodedClip;
beforeAll(async () => {
  installation = await probeFfmpeg({ encoder: 'libx264' });
  // One GOP of a second, to be repeated for ever; B-frames, so that decode and presentation order differ.
  clip = await encodeClip({ size: '320x180', seconds: 1, flags: ['-preset', 'veryfast', '-bf', '2'] });
  other = await encodeClip({ size: '256x144', seconds: 1, flags: ['-bf', '0'] });
});
afterAll(() => children.close());

const A: Rung = { id: 'a', width: 160, height: 90, bitrateBps: 200_000, everyNth: 1 };
const B: Rung = { id: 'b', width: 128, height: 72, bitrateBps: 100_000, everyNth: 1 };
const SOURCE = { mode: 'source' } as const;

/** Keeps the story of each rung, and checks its rules as it is told. */
class Story implements TranscodeListener {
  readonly units = new Map<string, AccessUnit[]>();
  readonly tracks: string[] = [];
  readonly generations: GenerationStart[] = [];
  readonly failures: string[] = [];
  readonly progress: TranscodeProgress[] = [];
  degraded: string | undefined;

  onGeneration(start: GenerationStart): void {
    this.generations.push(start);
  }
  onTrack(rungId: string, track: VideoTrack): void {
    this.tracks.push(`${rungId} ${track.width}x${track.height}`);
  }
  onUnit(rungId: string, unit: AccessUnit): void {
    const units = this.units.get(rungId) ?? [];
    this.units.set(rungId, units);
    units.push(unit);
  }
  onProgress(progress: TranscodeProgress): void {
    this.progress.push(progress);
  }
  onOverload(): void {}
  onReplanFailed(reason: string): void {
    this.failures.push(reason);
  }
  onDegraded(reason: string): void {
    this.degraded = reason;
  }
  pts(rungId: string): number[] {
    return (this.units.get(rungId) ?? []).map((unit) => unit.pts);
  }
  keys(rungId: string): number[] {
    return (this.units.get(rungId) ?? []).filter((unit) => unit.keyframe).map((unit) => unit.pts);
  }
}

/** Publishes a clip over and over, in real time or faster, and remembers what it published. */
class Publisher {
  readonly published: AccessUnit[] = [];
  readonly #supervisor: TranscodeSupervisor;
  #clip: EncodedClip;
  #index = 0;
  #offsetMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Leaves out the IDRs of repetitions, so that the source has one endless GOP. */
  constructor(supervisor: TranscodeSupervisor, source: EncodedClip) {
    this.#supervisor = supervisor;
    this.#clip = source;
  }

  next(): AccessUnit {
    const unit = this.#clip.units[this.#index];
    if (unit === undefined) throw new Error('empty clip');
    const moved = { ...unit, pts: ticks(unit.pts + this.#offsetMs), dts: ticks(unit.dts + this.#offsetMs) };
    this.#index++;
    if (this.#index === this.#clip.units.length) {
      this.#index = 0;
      this.#offsetMs += 1000;
    }
    this.published.push(moved);
    this.#supervisor.write(moved);
    return moved;
  }

  write(count: number): void {
    for (let i = 0; i < count; i++) this.next();
  }

  start(everyMs = 16): void {
    this.#timer = setInterval(() => this.next(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  change(source: EncodedClip): void {
    this.#clip = source;
    this.#index = 0;
    this.#offsetMs = Math.max(...this.published.map((unit) => unit.pts)) + 33;
  }

  pts(fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY): number[] {
    return this.published
      .map((unit) => unit.pts)
      .filter((pts) => pts >= fromMs && pts <= toMs)
      .sort((a, b) => a - b);
  }

  keys(toMs: number): number[] {
    return this.published.filter((unit) => unit.keyframe && unit.pts <= toMs).map((unit) => unit.pts);
  }
}

async function run(
  task: Omit<TranscodeTask, 'source'>,
  body: (parts: { supervisor: TranscodeSupervisor; story: Story; publisher: Publisher }) => Promise<void>,
  changes: Partial<TranscodeSupervisorOptions> = {},
): Promise<void> {
  const story = new Story();
  const supervisor = new TranscodeSupervisor({
    streamId: 'test',
    task: { source: clip.track, ...task },
    installation,
    children,
    cores: 2,
    clock: systemClock,
    log: silentLogger,
    listener: story,
    ...changes,
  });
  const publisher = new Publisher(supervisor, clip);
  try {
    await body({ supervisor, story, publisher });
  } finally {
    publisher.stop();
    await supervisor.close();
  }
  expect(children.count).toBe(0);
}

/** True once every published picture but the decoder's last few has come out of the rung. */
function caughtUp(story: Story, publisher: Publisher, rungId: string): boolean {
  const last = story.pts(rungId).at(-1) ?? Number.NEGATIVE_INFINITY;
  return last >= (publisher.pts().at(-6) ?? 0);
}

function expectWhole(story: Story, publisher: Publisher, rungId: string, fromMs?: number): void {
  const got = story.pts(rungId);
  expect(got).toEqual(publisher.pts(fromMs ?? publisher.published[0]?.pts, got.at(-1)));
}

describe('TranscodeSupervisor', () => {
  test('delivers every picture of the source in every rung, and nothing after close', async () => {
    await run({ rungs: [A, B], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.write(75);
      await until(
        'the rungs are there',
        () => caughtUp(story, publisher, 'a') && caughtUp(story, publisher, 'b'),
      );
      for (const id of ['a', 'b']) {
        expectWhole(story, publisher, id);
        expect(story.keys(id)).toEqual(publisher.keys(story.pts(id).at(-1) ?? 0));
      }
      expect(story.tracks).toEqual(['a 160x90', 'b 128x72']);
      expect(story.generations).toMatchObject([{ number: 1, reason: 'start', gap: false }]);
      await supervisor.close();
      const before = story.pts('a').length;
      publisher.write(30);
      expect(story.pts('a')).toHaveLength(before);
    });
  });

  test('goes on without a hole when FFmpeg is killed', async () => {
    await run({ rungs: [A, B], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.start();
      await until('pictures', () => story.pts('b').length > 40);
      const [pid = 0] = supervisor.pids;
      process.kill(pid, 'SIGKILL');
      await until(
        'the second FFmpeg delivers',
        () => story.generations.length === 2 && story.pts('b').length > 90,
      );
      publisher.stop();
      await until('all is there', () => caughtUp(story, publisher, 'a') && caughtUp(story, publisher, 'b'));
      expect(story.generations[1]).toMatchObject({ number: 2, reason: 'restart', gap: false });
      expectWhole(story, publisher, 'a');
      expectWhole(story, publisher, 'b');
      expect(supervisor.pids).not.toContain(pid);
      // The same encoder at the same settings: players need no new init section.
      expect(story.tracks).toEqual(['a 160x90', 'b 128x72']);
    });
  });

  test('gives up after five deaths in a minute, and comes back when it is told to', async () => {
    const restarts = { delaysMs: [5], maxDeaths: 5, windowMs: 60_000 };
    await run(
      { rungs: [A], keyframes: SOURCE },
      async ({ supervisor, story, publisher }) => {
        publisher.start();
        for (let deaths = 1; deaths <= 5; deaths++) {
          await until(`FFmpeg ${deaths} runs`, () => supervisor.pids.length === 1);
          const [pid = 0] = supervisor.pids;
          process.kill(pid, 'SIGKILL');
          await until('it is gone', () => !supervisor.pids.includes(pid));
        }
        expect(supervisor.state).toBe('degraded');
        expect(story.degraded).toBe('signal SIGKILL');
        expect(supervisor.pids).toEqual([]);
        const before = story.pts('a').length;
        supervisor.replan({ source: clip.track, rungs: [A], keyframes: SOURCE });
        await until('it delivers again', () => story.pts('a').length > before + 10);
        expect(supervisor.state).toBe('running');
      },
      { restarts },
    );
  });

  test('a hanging FFmpeg is killed and replaced, and what was lost meanwhile is told', async () => {
    await run(
      { rungs: [A], keyframes: SOURCE },
      async ({ supervisor, story, publisher }) => {
        publisher.start(33);
        await until('pictures', () => story.pts('a').length > 10);
        const before = story.pts('a').at(-1) ?? 0;
        process.kill(supervisor.pids[0] ?? 0, 'SIGSTOP');
        await until('another FFmpeg delivers', () => (story.generations.at(-1)?.number ?? 1) > 1);
        const missing =
          publisher.pts(before, story.pts('a').at(-1)).length -
          story.pts('a').filter((pts) => pts >= before).length;
        expect(story.generations.at(-1)).toMatchObject({ reason: 'restart', gap: missing > 0 });
      },
      { hangMs: 1500 },
    );
  });

  test('a new ladder takes over at a keyframe, without a hole and without a picture twice', async () => {
    await run({ rungs: [A, B], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.start();
      await until('pictures', () => story.pts('b').length > 40);
      const before = supervisor.pids;
      supervisor.replan({
        source: clip.track,
        rungs: [
          { ...A, bitrateBps: 300_000 },
          { ...B, id: 'c', width: 64, height: 36 },
        ],
        keyframes: SOURCE,
      });
      expect(supervisor.pids).toHaveLength(2);
      await until('the new FFmpeg has taken over', () => story.pts('c').length > 30);
      publisher.stop();
      await until('all is there', () => caughtUp(story, publisher, 'a') && caughtUp(story, publisher, 'c'));
      expectWhole(story, publisher, 'a');
      const [start = 0] = story.pts('c');
      expect(story.keys('c')[0]).toBe(start);
      expect(publisher.keys(start)).toContain(start);
      expect(story.keys('a')).toContain(start);
      expect(story.pts('b')).toEqual(publisher.pts(publisher.published[0]?.pts, start - 1));
      expectWhole(story, publisher, 'c', start);
      expect(story.generations).toMatchObject([{ reason: 'start' }, { reason: 'replan', gap: false }]);
      expect(supervisor.pids.some((pid) => before.includes(pid))).toBe(false);
      expect(story.failures).toEqual([]);
    });
  });

  test('a replan that fails leaves everything as it was', async () => {
    await run({ rungs: [A], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.start();
      await until('pictures', () => story.pts('a').length > 20);
      supervisor.replan({ source: clip.track, rungs: [{ ...A, width: 161 }], keyframes: SOURCE });
      await until('it has failed', () => story.failures.length > 0);
      const before = story.pts('a').length;
      await until('the old one goes on', () => story.pts('a').length > before + 20);
      expectWhole(story, publisher, 'a');
      expect(story.generations).toHaveLength(1);
      expect(supervisor.state).toBe('running');
    });
  });

  test('a source with too long a GOP is taken over in its middle, with keyframes of our own', {
    retry: 1,
  }, async () => {
    await run({ rungs: [A], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.start();
      await until('pictures', () => story.pts('a').length > 40);
      const fromPtsMs = (supervisor.newestPtsMs ?? 0) - 100;
      const top = { ...A, id: 'top', width: 320, height: 180 };
      supervisor.replan({
        source: clip.track,
        rungs: [top, A],
        keyframes: { mode: 'forced', fromPtsMs, everyMs: 400 },
      });
      await until('the new FFmpeg has taken over', () => story.pts('top').length > 60);
      publisher.stop();
      await until('all is there', () => caughtUp(story, publisher, 'a') && caughtUp(story, publisher, 'top'));
      const [start = 0] = story.pts('top');
      expect(start).toBeGreaterThan(fromPtsMs);
      expectWhole(story, publisher, 'a');
      expectWhole(story, publisher, 'top', start);
      const due = [0, 400, 800].map((after) => publisher.pts(start + after)[0]);
      expect(story.keys('top').slice(0, 3)).toEqual(due);
      // `caughtUp` lets a rung be five pictures behind: compared is what both have delivered.
      const end = Math.min(story.pts('a').at(-1) ?? 0, story.pts('top').at(-1) ?? 0);
      const keysOf = (rungId: string) => story.keys(rungId).filter((pts) => pts >= start && pts <= end);
      expect(keysOf('top').length).toBeGreaterThanOrEqual(3);
      expect(keysOf('a')).toEqual(keysOf('top'));
    });
  });

  test('forced keyframes survive the death of FFmpeg, again on the same pictures in every rung', async () => {
    await run(
      { rungs: [A, B], keyframes: { mode: 'forced', fromPtsMs: 300, everyMs: 500 } },
      async ({ supervisor, story, publisher }) => {
        publisher.start();
        await until('pictures', () => story.pts('b').length > 30);
        expect(story.pts('a')[0]).toBeGreaterThanOrEqual(300);
        process.kill(supervisor.pids[0] ?? 0, 'SIGKILL');
        await until(
          'the second FFmpeg delivers',
          () => story.generations.length === 2 && story.pts('b').length > 80,
        );
        expect(story.keys('a').slice(0, 4)).toEqual(story.keys('b').slice(0, 4));
        expectWhole(story, publisher, 'a', story.pts('a')[0]);
      },
    );
  });

  test('a change of the source is followed at its first keyframe', async () => {
    await run({ rungs: [A], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.write(45);
      await until('pictures', () => story.pts('a').length > 20);
      supervisor.replan({ source: other.track, rungs: [A, B], keyframes: SOURCE });
      publisher.change(other);
      publisher.write(45);
      await until('all is there', () => caughtUp(story, publisher, 'b') && caughtUp(story, publisher, 'a'));
      expectWhole(story, publisher, 'a');
      expect(story.generations).toMatchObject([{ reason: 'start' }, { reason: 'replan', gap: false }]);
    });
  });

  test('no rungs, no FFmpeg', async () => {
    await run({ rungs: [A], keyframes: SOURCE }, async ({ supervisor, story, publisher }) => {
      publisher.write(45);
      await until('pictures', () => story.pts('a').length > 20);
      supervisor.replan({ source: clip.track, rungs: [], keyframes: SOURCE });
      await until('it is gone', () => children.count === 0);
      publisher.write(45);
      expect(supervisor.pids).toEqual([]);
      supervisor.replan({ source: clip.track, rungs: [B], keyframes: SOURCE });
      await until('the new rung delivers', () => story.pts('b').length > 10);
    });
  });
});
