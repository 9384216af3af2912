import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { msToNtp } from './ntp-time.ts';
import type { SenderReport } from './rtcp/sender-report.ts';
import { SenderReportClock } from './sender-report-clock.ts';
import { seededRandom } from './testing/seeded-random.ts';

const VIDEO = { ssrc: 1, clockRate: 90_000 };
const AUDIO = { ssrc: 2, clockRate: 48_000 };

/** A sender's stream: its RTP clock starts anywhere and may run a little fast. */
interface Sender {
  readonly ssrc: number;
  readonly clockRate: number;
  readonly start: number;
  readonly ppm?: number;
}

function rtpTimeAt(sender: Sender, ms: number): number {
  return sender.start + Math.round((ms * sender.clockRate * (1 + (sender.ppm ?? 0) / 1e6)) / 1000);
}

/** A report made `ms` after the start, on a wall clock that stood at `wallMs` then. `errorMs` is how far its RTP time is off. */
function reportAt(sender: Sender, ms: number, wallMs: number, errorMs = 0): SenderReport {
  return {
    type: 'sender-report',
    ssrc: sender.ssrc,
    ntp: msToNtp(wallMs + ms),
    rtpTimestamp: (((rtpTimeAt(sender, ms + errorMs) % 2 ** 32) + 2 ** 32) % 2 ** 32) >>> 0,
    packetCount: 0,
    octetCount: 0,
    reports: [],
  };
}

/** What a run showed. */
interface Run {
  /** Greatest distance of video and audio made at the same time, in milliseconds, after the first `settleMs`. */
  readonly worstOffsetMs: number;
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Output time less sender's time at the end. */
  readonly endMs: number;
}

/** Plays a minute or more of both streams through a clock; sound arrives `audioDelayMs` after it was made, pictures 100 ms. */
function play(options: {
  readonly ms: number;
  readonly videoPpm?: number;
  readonly audioPpm?: number;
  readonly audioDelayMs?: number;
  readonly audioReportsFromMs?: number;
  readonly videoReportsFromMs?: number;
  readonly reportErrorMs?: number;
  readonly settleMs?: number;
  readonly wallStepAtMs?: number;
}): Run {
  const random = seededRandom(9);
  const clock = new SenderReportClock();
  const video = { ...VIDEO, start: 4_294_000_000, ppm: options.videoPpm ?? 0 };
  const audio = { ...AUDIO, start: 17, ppm: options.audioPpm ?? 0 };
  const last = new Map<number, number>();
  const offset = new Map<number, number>();
  const run = { worstOffsetMs: 0, shortestMs: Number.POSITIVE_INFINITY, longestMs: 0, endMs: 0 };
  const frame = (sender: Sender, ms: number, delayMs: number): void => {
    const out = clock.toMs(sender, rtpTimeAt(sender, ms), 1_000_000 + ms + delayMs + random() * 8);
    const before = last.get(sender.ssrc);
    last.set(sender.ssrc, out);
    offset.set(sender.ssrc, out - ms);
    if (before === undefined) return;
    run.shortestMs = Math.min(run.shortestMs, out - before);
    run.longestMs = Math.max(run.longestMs, out - before);
  };
  const wall = (ms: number): number => 3.9e12 + (ms >= (options.wallStepAtMs ?? Infinity) ? 3_600_000 : 0);
  const error = (): number => (random() - 0.5) * 2 * (options.reportErrorMs ?? 0);
  for (let ms = 0; ms < options.ms; ms += 20) {
    if (ms % 1000 === 240 && ms >= (options.videoReportsFromMs ?? 0)) {
      clock.report(reportAt(video, ms, wall(ms), error()), 1_000_000 + ms + 30);
    }
    if (ms % 5000 === 2460 && ms >= (options.audioReportsFromMs ?? 0)) {
      clock.report(reportAt(audio, ms, wall(ms), error()), 1_000_000 + ms + 30);
    }
    if (ms % 40 === 0) frame(video, ms, 100);
    frame(audio, ms, options.audioDelayMs ?? 40);
    if (ms < (options.settleMs ?? 10_000)) continue;
    const apart = Math.abs((offset.get(VIDEO.ssrc) ?? 0) - (offset.get(AUDIO.ssrc) ?? 0));
    run.worstOffsetMs = Math.max(run.worstOffsetMs, apart);
  }
  run.endMs = offset.get(VIDEO.ssrc) ?? 0;
  return run;
}

describe('SenderReportClock', () => {
  test('before any report the arrival stands in', () => {
    const clock = new SenderReportClock();
    expect(clock.toMs(VIDEO, 90_000, 5000)).toBe(5000);
    expect(clock.toMs(VIDEO, 93_000, 5040)).toBe(5033);
    expect(clock.toMs(AUDIO, 480, 5041)).toBe(5041);
    expect(clock.isReported(VIDEO.ssrc)).toBe(false);
  });

  test('reports that came before the first frames bind both streams from the start', () => {
    const clock = new SenderReportClock();
    clock.report(reportAt({ ...VIDEO, start: 1000 }, 0, 1e12), 0);
    clock.report(reportAt({ ...AUDIO, start: 77 }, 0, 1e12), 0);
    expect(clock.isReported(AUDIO.ssrc)).toBe(true);
    const picture = clock.toMs(VIDEO, 1000, 900);
    expect(clock.toMs(AUDIO, 77, 600)).toBe(picture);
    expect(clock.toMs(AUDIO, 77 + 48_000, 1640)).toBe(picture + 1000);
  });

  test('puts picture and sound in step within seconds, and never turns back', () => {
    const run = play({ ms: 60_000, audioDelayMs: 40 });
    expect(run.worstOffsetMs).toBeLessThanOrEqual(2);
    expect(run.shortestMs).toBeGreaterThanOrEqual(18);
    expect(run.longestMs).toBeLessThanOrEqual(43);
  });

  test('ten minutes with clocks 200 ppm apart and reports 5 ms off stay in step', () => {
    const run = play({ ms: 600_000, videoPpm: 100, audioPpm: -100, reportErrorMs: 5 });
    console.log(`sender-report-clock: ten minutes, 200 ppm, worst offset ${run.worstOffsetMs} ms`);
    expect(run.worstOffsetMs).toBeLessThanOrEqual(12);
    expect(run.shortestMs).toBeGreaterThanOrEqual(18);
    // The output keeps the sender's wall clock, not the pace of either media clock.
    expect(Math.abs(run.endMs - 1_000_100)).toBeLessThanOrEqual(40);
  });

  test('ten minutes at 100 ppm: without noise, within 3 ms', () => {
    expect(play({ ms: 600_000, audioPpm: 100 }).worstOffsetMs).toBeLessThanOrEqual(3);
  });

  test('a stream whose reports start after half a minute joins then', () => {
    const run = play({ ms: 60_000, audioReportsFromMs: 30_000, audioDelayMs: 400, settleMs: 42_000 });
    expect(run.worstOffsetMs).toBeLessThanOrEqual(2);
    expect(run.shortestMs).toBeGreaterThanOrEqual(18);
    const video = play({ ms: 60_000, videoReportsFromMs: 30_000, audioDelayMs: 400, settleMs: 42_000 });
    expect(video.worstOffsetMs).toBeLessThanOrEqual(2);
    expect(video.shortestMs).toBeGreaterThanOrEqual(18);
  });

  test('a sender whose wall clock is set an hour on is followed without a jump', () => {
    const run = play({ ms: 60_000, wallStepAtMs: 20_000 });
    expect(run.worstOffsetMs).toBeLessThanOrEqual(2);
    expect(run.shortestMs).toBeGreaterThanOrEqual(18);
    expect(run.longestMs).toBeLessThanOrEqual(43);
  });

  test('timestamps that start anew go on from where they were', () => {
    const clock = new SenderReportClock();
    clock.report(reportAt({ ...VIDEO, start: 0 }, 0, 1e12), 0);
    const before = clock.toMs(VIDEO, 0, 100);
    expect(clock.toMs(VIDEO, 3000, 133)).toBe(before + 33);
    expect(clock.toMs(VIDEO, 900_000_000, 166)).toBe(before + 66);
    expect(clock.toMs(VIDEO, 900_003_000, 199)).toBe(before + 100);
    expect(clock.toMs(VIDEO, 5, 233)).toBe(before + 134);
  });

  test('a pause of the source is a pause, not a new start', () => {
    const clock = new SenderReportClock();
    const before = clock.toMs(VIDEO, 0, 100);
    expect(clock.toMs(VIDEO, 90_000 * 30, 30_100)).toBe(before + 30_000);
  });

  test('a path that stood still for ten seconds and then gives everything at once changes nothing', () => {
    const clock = new SenderReportClock();
    const before = clock.toMs(VIDEO, 0, 100);
    const times = Array.from({ length: 300 }, (_, i) => clock.toMs(VIDEO, (i + 1) * 3000, 10_100 + i));
    expect(times.at(0)).toBe(before + 33);
    expect(times.at(-1)).toBe(before + 10_000);
  });

  test('pictures out of order keep their places', () => {
    const clock = new SenderReportClock();
    clock.report(reportAt({ ...VIDEO, start: 0 }, 0, 1e12), 0);
    const times = [0, 9000, 3000, 6000].map((rtpTime, i) => clock.toMs(VIDEO, rtpTime, 100 + i * 33));
    expect(times.map((ms) => ms - 100)).toEqual([0, 100, 33, 67]);
  });

  test('whatever the reports say, times rise at nearly the pace of the media', () => {
    const report = fc.record({
      every: fc.integer({ min: 1, max: 40 }),
      ssrc: fc.constantFrom(VIDEO.ssrc, AUDIO.ssrc),
      seconds: fc.nat(0xffff_ffff),
      fraction: fc.nat(0xffff_ffff),
      rtpTimestamp: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 30 }), fc.nat(0xffff_ffff), (reports, start) => {
        const clock = new SenderReportClock();
        const last = new Map<number, number>();
        for (let i = 0; i < 400; i++) {
          for (const { every, ssrc, seconds, fraction, rtpTimestamp } of reports) {
            if (i % every !== 0) continue;
            const odd = {
              ssrc,
              ntp: { seconds, fraction },
              rtpTimestamp: (rtpTimestamp + i * 960) % 2 ** 32,
            };
            clock.report({ ...reportAt({ ...VIDEO, start: 0 }, 0, 0), ...odd }, i * 20);
          }
          for (const stream of [VIDEO, AUDIO]) {
            const out = clock.toMs(stream, start + (i * stream.clockRate) / 50, i * 20 + 40);
            const step = out - (last.get(stream.ssrc) ?? out - 20);
            last.set(stream.ssrc, out);
            expect(step).toBeGreaterThanOrEqual(18);
            expect(step).toBeLessThanOrEqual(22);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a report without a wall clock is none', () => {
    const clock = new SenderReportClock();
    clock.report({ ...reportAt({ ...VIDEO, start: 0 }, 0, 0), ntp: { seconds: 0, fraction: 0 } }, 0);
    expect(clock.isReported(VIDEO.ssrc)).toBe(false);
  });

  test('reports of unknown streams are kept in bounds', () => {
    const clock = new SenderReportClock();
    for (let ssrc = 0; ssrc < 1000; ssrc++) clock.report(reportAt({ ...VIDEO, ssrc, start: 0 }, 0, 1000), 0);
    expect([0, 967, 968, 999].map((ssrc) => clock.isReported(ssrc))).toEqual([false, false, true, true]);
  });
});
