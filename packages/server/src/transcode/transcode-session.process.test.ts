import { readFileSync } from 'node:fs';
import { MILLISECONDS, rescale, VIDEO_TIMESCALE } from '@tallylight/media/time/ticks.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import type { FfmpegInstallation } from './ffmpeg/installation.ts';
import { probeFfmpeg } from './ffmpeg/probe.ts';
import { chooseLadder } from './ladder.ts';
import type { Rung } from './rung.ts';
import { type EncodedClip, encodeClip, timeline } from './testing/encoded-clip.ts';
import { encodeHevcClip } from './testing/mp4-clip.ts';
import { SessionRecorder, until } from './testing/recorder.ts';
import { TranscodeSession, type TranscodeSessionOptions } from './transcode-session.ts';

const children = new ChildProcesses();
let installation: FfmpegInstallation;
beforeAll(async () => {
  installation = await probeFfmpeg({ encoder: 'libx264' });
});
afterAll(() => children.close());

const rung = (id: string, width: number, height: number, everyNth = 1): Rung => ({
  id,
  width,
  height,
  bitrateBps: 400_000,
  everyNth,
});

type Changes = Partial<Omit<TranscodeSessionOptions, 'listener'>>;

function start(
  clip: EncodedClip,
  rungs: readonly Rung[],
  changes: Changes = {},
): { session: TranscodeSession; recorder: SessionRecorder } {
  const recorder = new SessionRecorder();
  const session = new TranscodeSession({
    streamId: 'test',
    source: clip.track,
    rungs,
    keyframes: { mode: 'source' },
    installation,
    children,
    cores: 2,
    clock: systemClock,
    log: silentLogger,
    listener: recorder,
    ...changes,
  });
  return { session, recorder };
}

/** Runs a whole clip through a session. */
async function transcode(
  clip: EncodedClip,
  rungs: readonly Rung[],
  changes: Changes = {},
): Promise<SessionRecorder> {
  const { session, recorder } = start(clip, rungs, changes);
  for (const unit of clip.units) session.write(unit);
  session.end();
  expect((await recorder.exit).code).toBe(0);
  return recorder;
}

describe('TranscodeSession, keyframes of the source', () => {
  test("every rung has the source's pictures and keyframes, to the millisecond", async () => {
    const clip = await encodeClip({
      size: '640x360',
      seconds: 2,
      flags: ['-bf', '0', '-force_key_frames', '0,0.3,1.1,1.7'],
    });
    const rungs = [rung('a', 320, 180), rung('b', 256, 144), rung('c', 128, 72)];
    const recorder = await transcode(clip, rungs);
    for (const { id, width, height } of rungs) {
      expect(timeline(recorder.of(id))).toEqual(timeline(clip.units));
      expect(recorder.tracks.get(id)).toMatchObject({
        codec: 'h264',
        timescale: 1000,
        width,
        height,
        frameRate: 30,
      });
      expect(recorder.tracks.get(id)?.codecString).toMatch(/^avc1\.6400/);
    }
  });

  test('sources with B-frames, late starts and jitter keep their instants', async () => {
    const clip = await encodeClip({
      size: '320x180',
      seconds: 2,
      flags: ['-bf', '2', '-preset', 'veryfast'],
      startMs: 2 ** 32 + 3_600_000,
    });
    expect(clip.units.some((unit) => unit.pts !== unit.dts)).toBe(true);
    const recorder = await transcode(clip, [rung('a', 160, 90)]);
    expect(timeline(recorder.of('a'))).toEqual(timeline(clip.units));
    expect(recorder.of('a').every((unit) => unit.pts === unit.dts)).toBe(true);
  });

  test('open GOPs and recovery points make no keyframes that the source has not', async () => {
    const flags = [
      '-preset',
      'veryfast',
      '-x264-params',
      'open-gop=1:bframes=2:keyint=15:min-keyint=15:scenecut=0',
      '-force_key_frames',
      '1',
    ];
    const clip = await encodeClip({ size: '320x180', seconds: 2, flags });
    const recorder = await transcode(clip, [rung('a', 160, 90)]);
    expect(timeline(recorder.of('a'))).toEqual(timeline(clip.units));
  });

  test('a half-rate rung has every second picture, counted anew from each keyframe', async () => {
    const clip = await encodeClip({
      size: '320x180',
      rate: 60,
      seconds: 1,
      flags: ['-bf', '0', '-force_key_frames', '0,0.25,0.6'],
    });
    const recorder = await transcode(clip, [rung('full', 160, 90), rung('half', 128, 72, 2)]);
    let sinceKey = 0;
    const expected = clip.units.filter((unit) => {
      sinceKey = unit.keyframe ? 0 : sinceKey + 1;
      return sinceKey % 2 === 0;
    });
    expect(timeline(recorder.of('full'))).toEqual(timeline(clip.units));
    expect(timeline(recorder.of('half'))).toEqual(timeline(expected));
    expect(recorder.tracks.get('half')?.frameRate).toBe(30);
  });

  test('HEVC with B-frames goes in by Matroska and comes out as H.264 at the same instants', async () => {
    const clip = await encodeHevcClip('320x180', 1);
    const recorder = await transcode(clip, [rung('a', 320, 180), rung('b', 160, 90)]);
    const inMs = clip.units.map((unit) => ({
      ...unit,
      pts: rescale(unit.pts, VIDEO_TIMESCALE, MILLISECONDS),
    }));
    expect(timeline(recorder.of('a'))).toEqual(timeline(inMs));
    expect(timeline(recorder.of('b'))).toEqual(timeline(inMs));
    expect(recorder.tracks.get('a')).toMatchObject({
      codec: 'h264',
      timescale: 1000,
      width: 320,
      height: 180,
    });
  });

  test('portrait sources make portrait rungs', async () => {
    const clip = await encodeClip({ size: '540x960', seconds: 0.5 });
    const rungs = chooseLadder(clip.track);
    const recorder = await transcode(clip, rungs);
    expect([...recorder.tracks.values()].map((track) => `${track.width}x${track.height}`)).toEqual([
      '480x854',
      '360x640',
    ]);
    expect(timeline(recorder.of('360p'))).toEqual(timeline(clip.units));
  });

  test("the bitrate is the rung's, at full and at half rate", async () => {
    const clip = await encodeClip({
      size: '640x360',
      rate: 60,
      seconds: 3,
      flags: ['-bf', '0', '-vf', 'noise=alls=20:allf=t'],
    });
    const recorder = await transcode(clip, [rung('full', 480, 270), rung('half', 320, 180, 2)]);
    for (const id of ['full', 'half']) {
      const bits = recorder.of(id).reduce((sum, unit) => sum + unit.payload.length * 8, 0);
      expect(bits / 3 / 400_000).toBeGreaterThan(0.8);
      expect(bits / 3 / 400_000).toBeLessThan(1.25);
    }
  });

  test('units before the first keyframe are skipped', async () => {
    const clip = await encodeClip({ size: '320x180', seconds: 2 });
    const second = clip.units.findIndex((unit, index) => index > 0 && unit.keyframe);
    const { session, recorder } = start(clip, [rung('a', 160, 90)]);
    expect(clip.units.slice(1, second).map((unit) => session.write(unit))).not.toContain('written');
    for (const unit of clip.units.slice(second)) expect(session.write(unit)).toBe('written');
    session.end();
    await recorder.exit;
    expect(timeline(recorder.of('a'))).toEqual(timeline(clip.units.slice(second)));
  });
});

describe('TranscodeSession, forced keyframes', () => {
  const long = {
    size: '320x180',
    seconds: 3,
    flags: ['-bf', '2', '-g', '250', '-preset', 'veryfast'],
    startMs: 7_000_000,
  } as const;

  test('decodes from the keyframe, encodes from the given PTS, with an IDR there and at every interval', async () => {
    const clip = await encodeClip(long);
    const from =
      timeline(clip.units)
        .map((line) => Number.parseInt(line, 10))
        .find((pts) => pts >= 7_001_000) ?? 0;
    const rungs = [rung('a', 320, 180), rung('b', 160, 90)];
    const keyframes = { mode: 'forced', fromPtsMs: from, everyMs: 500 } as const;
    const recorder = await transcode(clip, rungs, { keyframes, epochMs: 7_000_000 });
    const expected = clip.units
      .map((unit) => unit.pts)
      .filter((pts) => pts >= from)
      .sort((a, b) => a - b);
    for (const { id } of rungs) {
      expect(recorder.of(id).map((unit) => unit.pts)).toEqual(expected);
      const keys = recorder
        .of(id)
        .filter((unit) => unit.keyframe)
        .map((unit) => unit.pts);
      const due = [0, 500, 1000, 1500, 2000]
        .map((after) => expected.find((pts) => pts >= from + after))
        .filter((pts) => pts !== undefined);
      expect(keys).toEqual(due);
    }
  });

  test('full-rate and half-rate rungs have their keyframes on the same pictures', async () => {
    const clip = await encodeClip({ ...long, rate: 60, seconds: 2, flags: ['-bf', '0', '-g', '250'] });
    const keyframes = { mode: 'forced', fromPtsMs: 7_000_100, everyMs: 450 } as const;
    const rungs = [rung('a', 320, 180), rung('b', 160, 90, 2)];
    const recorder = await transcode(clip, rungs, { keyframes, epochMs: 7_000_000 });
    const keys = (id: string): number[] =>
      recorder
        .of(id)
        .filter((unit) => unit.keyframe)
        .map((unit) => unit.pts);
    expect(keys('b')).toEqual(keys('a'));
    expect(keys('a').length).toBeGreaterThanOrEqual(4);
    expect(recorder.of('b').length).toBeLessThan(recorder.of('a').length * 0.55);
  });

  test('each rung can go on where its predecessor stopped', async () => {
    const clip = await encodeClip(long);
    const encodeFromMs = new Map([
      ['a', 7_000_401],
      ['b', 7_000_470],
    ]);
    const rungs = [rung('a', 320, 180), rung('b', 160, 90)];
    const recorder = await transcode(clip, rungs, { encodeFromMs, epochMs: 7_000_000 });
    for (const [id, from] of encodeFromMs) {
      expect(recorder.of(id).map((unit) => unit.pts)).toEqual(
        clip.units
          .map((unit) => unit.pts)
          .filter((pts) => pts >= from)
          .sort((a, b) => a - b),
      );
      expect(recorder.of(id)[0]?.keyframe).toBe(true);
    }
  });
});

describe('TranscodeSession, the process', () => {
  test('its arguments hold no stream id and no address, and it is confined', async () => {
    const clip = await encodeClip({ size: '320x180', seconds: 0.5 });
    const { session, recorder } = start(clip, [rung('a', 160, 90)], { streamId: 'live_secretsecret' });
    for (const unit of clip.units) session.write(unit);
    await until('a picture comes out', () => recorder.of('a').length > 0);
    const argv = readFileSync(`/proc/${session.pid}/cmdline`, 'latin1');
    expect(argv).toContain('pipe:0');
    expect(argv).not.toMatch(/live_|secret|:\/\//);
    const status = readFileSync(`/proc/${session.pid}/limits`, 'latin1');
    expect(status).toMatch(/Max open files\s+256\s/);
    expect(readFileSync(`/proc/${session.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[16]).toBe('5');
    await session.close();
    await session.close();
    expect(await recorder.exit).toMatchObject({ signal: 'SIGKILL', reason: 'closed' });
    expect(children.count).toBe(0);
  });

  test('input that FFmpeg does not take is bounded, and skipped to the next keyframe', async () => {
    const clip = await encodeClip({ size: '640x360', seconds: 3, flags: ['-b:v', '8M'] });
    const { session, recorder } = start(clip, [rung('a', 320, 180)], { maxQueueBytes: 100_000 });
    process.kill(session.pid ?? 0, 'SIGSTOP');
    const results = clip.units.map((unit) => session.write(unit));
    expect(results).toContain('full');
    expect(session.needsDrain).toBe(true);
    expect(session.writableBytes).toBe(0);
    process.kill(session.pid ?? 0, 'SIGCONT');
    await until('the queue is empty', () => session.writableBytes === 100_000);
    const [key = clip.units[0], delta] = clip.units;
    if (key === undefined || delta === undefined) throw new Error('no units');
    expect(session.write(delta)).toBe('awaiting-keyframe');
    expect(session.write(key)).toBe('written');
    expect(session.needsDrain).toBe(false);
    await session.close();
    await recorder.exit;
  });

  test('tells the death of FFmpeg, its last words and its progress', async () => {
    const clip = await encodeClip({ size: '320x180', seconds: 0.5 });
    const { session, recorder } = start({ ...clip, track: { ...clip.track, frameRate: 30 } }, [
      rung('a', 160, 90),
    ]);
    const broken = clip.units.map((unit) => ({
      ...unit,
      payload: unit.payload.map((byte, at) => (at % 50 === 9 ? byte ^ 0x55 : byte)),
    }));
    for (const unit of [...clip.units, ...broken]) session.write(unit);
    await until('a progress report', () => recorder.progress.length > 0);
    expect(recorder.progress[0]?.lagMs).toBeLessThan(5000);
    process.kill(session.pid ?? 0, 'SIGKILL');
    const exit = await recorder.exit;
    expect(exit.signal).toBe('SIGKILL');
    expect(exit.reason).toBeUndefined();
  });

  test('an FFmpeg that cannot be started is an exit like any other', async () => {
    const clip = await encodeClip({ size: '320x180', seconds: 0.2 });
    const missing = {
      ...installation,
      path: '/nowhere/ffmpeg',
      sandbox: { limits: false, deathSignal: false },
    };
    const { session, recorder } = start(clip, [rung('a', 160, 90)], { installation: missing });
    for (const unit of clip.units) session.write(unit);
    expect((await recorder.exit).reason).toContain('ENOENT');
    expect(session.pid).toBeUndefined();
  });
});
