import { ntpToMs } from './ntp-time.ts';
import type { SenderReport } from './rtcp/sender-report.ts';
import { nearest } from './sequence.ts';

/** One RTP stream: names it and its timestamps' unit. */
export interface ClockedStream {
  readonly ssrc: number;
  /** Hz. */
  readonly clockRate: number;
}

/** The relation between an SSRC's timestamps and the common clock; all in milliseconds. */
interface StreamClock {
  readonly ticksPerMs: number;
  /** Output time less media time, as it is used. */
  offset: number;
  /** Smallest arrival time less media time: the offset before the first report. */
  earliest: number;
  /** The sender's wall clock less media time, low-passed; undefined before the first report. */
  wall: number | undefined;
  /** When the sender made the last report, on its wall clock. */
  reportedAt: number;
  /** Wall clock to output time, as far as this stream was told. */
  anchor: Anchor | undefined;
  /** The newest frame: timestamp on its unwrapped line, output time, arrival. */
  newest: { readonly rtpTime: number; readonly outMs: number; readonly atMs: number } | undefined;
}

/** Ties the sender's wall clock to the output time. Streams that share one are in step. */
interface Anchor {
  /** Output time less wall clock. */
  readonly shift: number;
}

/**
 * Time constant of the low-pass over a stream's reports. Single reports are off by some milliseconds, because senders extrapolate
 * them from the last captured frame; at 100 ppm of drift the filter lags by 1 ms.
 */
const LOW_PASS_MS = 10_000;
/** A report that differs by more tells that a clock was set. */
const STEP_MS = 1000;
/** How far apart streams may seem by their arrivals when they are first bound to one clock. */
const FIRST_STEP_MS = 5000;
/** Timestamps that run ahead of or behind the arrivals by more at once have started anew. */
const RESTART_MS = 3000;
/** How fast the output may approach the right offset: 5 % of the time that passes, which neither ear nor eye finds. */
const SLEW = 0.05;
/** A report is kept so long for a stream whose first frame has not come: after that its clocks may have drifted apart. */
const EARLY_MS = 60_000;
/** SSRCs that are remembered; the oldest is forgotten first. */
const MAX_STREAMS = 32;

/**
 * Puts the RTP times of several streams on one clock of milliseconds, by the sender's reports (RFC 3550 §6.4.1). Later timestamps of a
 * stream get later times: corrections are spread, never jumped. Before a stream's first report the arrival of its packets stands in.
 * The output starts on the scale of `nowMs` and then runs at the sender's pace.
 */
export class SenderReportClock {
  readonly #streams = new Map<number, StreamClock>();
  readonly #early = new Map<number, { readonly report: SenderReport; readonly nowMs: number }>();
  #anchor: Anchor | undefined;

  /** Takes a report of any of the streams. Reports may come late, and for a stream before its first frame. */
  report(report: SenderReport, nowMs: number): void {
    // RFC 3550 §6.4.1: zero when the sender has no clock.
    if (report.ntp.seconds === 0 && report.ntp.fraction === 0) return;
    const stream = this.#streams.get(report.ssrc);
    if (stream === undefined) {
      remember(this.#early, report.ssrc, { report, nowMs });
      return;
    }
    this.#apply(stream, report);
  }

  /** True once the stream's times come from reports. Holding frames back until then spares a correction later. */
  isReported(ssrc: number): boolean {
    return this.#early.has(ssrc) || this.#streams.get(ssrc)?.wall !== undefined;
  }

  /** The time of a frame in whole milliseconds. `rtpTime` is unwrapped, `nowMs` the arrival of its last packet. */
  toMs(stream: ClockedStream, rtpTime: number, nowMs: number): number {
    const clock = this.#streams.get(stream.ssrc) ?? this.#open(stream, rtpTime, nowMs);
    const mediaMs = rtpTime / clock.ticksPerMs;
    const { newest } = clock;
    if (newest !== undefined) {
      const advanced = mediaMs - newest.rtpTime / clock.ticksPerMs;
      const passed = nowMs - newest.atMs;
      if (advanced < -RESTART_MS || advanced > Math.max(0, passed) + RESTART_MS) {
        this.#restart(clock, newest.outMs + Math.max(1, passed) - mediaMs);
      } else if (advanced > 0) {
        clock.earliest = Math.min(clock.earliest, nowMs - mediaMs);
        this.#approach(clock, advanced);
      }
    }
    const outMs = mediaMs + clock.offset;
    if (newest === undefined || outMs > newest.outMs) clock.newest = { rtpTime, outMs, atMs: nowMs };
    return Math.round(outMs);
  }

  #open(stream: ClockedStream, rtpTime: number, nowMs: number): StreamClock {
    const ticksPerMs = stream.clockRate / 1000;
    const arrival = nowMs - rtpTime / ticksPerMs;
    const clock: StreamClock = {
      ticksPerMs,
      offset: arrival,
      earliest: arrival,
      wall: undefined,
      reportedAt: 0,
      anchor: undefined,
      newest: { rtpTime, outMs: nowMs, atMs: nowMs },
    };
    remember(this.#streams, stream.ssrc, clock);
    const early = this.#early.get(stream.ssrc);
    if (early !== undefined) {
      this.#early.delete(stream.ssrc);
      if (nowMs - early.nowMs < EARLY_MS) this.#apply(clock, early.report);
      // Nothing was given out yet: no need to approach it slowly.
      clock.offset = targetOf(clock);
    }
    clock.newest = undefined;
    return clock;
  }

  #apply(clock: StreamClock, report: SenderReport): void {
    const at = ntpToMs(report.ntp);
    const reference = clock.newest?.rtpTime ?? 0;
    const rtpTime = nearest(report.rtpTimestamp, Math.round(reference), 0x1_0000_0000);
    const sample = at - rtpTime / clock.ticksPerMs;
    if (clock.wall === undefined) {
      clock.wall = sample;
      this.#join(clock);
    } else if (Math.abs(sample - clock.wall) < STEP_MS) {
      const passed = Math.max(0, at - clock.reportedAt);
      clock.wall += (sample - clock.wall) * (1 - Math.exp(-passed / LOW_PASS_MS));
    } else {
      clock.wall = sample;
      this.#join(clock);
    }
    clock.reportedAt = Math.max(at, clock.reportedAt);
  }

  /** Binds a stream to the newest anchor when that fits what it showed so far; otherwise makes an anchor of what it showed. */
  #join(clock: StreamClock): void {
    const wall = clock.wall ?? 0;
    const shown = clock.offset;
    const most = clock.anchor === undefined ? FIRST_STEP_MS : STEP_MS;
    const anchor = this.#anchor;
    if (anchor === undefined || Math.abs(wall + anchor.shift - shown) > most) {
      this.#anchor = { shift: shown - wall };
    }
    clock.anchor = this.#anchor;
  }

  /** Timestamps started anew: the output goes on, and the next report is compared with where it went on. */
  #restart(clock: StreamClock, offset: number): void {
    const moved = offset - clock.offset;
    clock.offset = offset;
    clock.earliest = offset;
    if (clock.wall !== undefined) clock.wall += moved;
    // The next report counts in full: this was a guess by arrivals.
    clock.reportedAt = Number.NEGATIVE_INFINITY;
    clock.newest = undefined;
  }

  /** Moves the offset towards its target, at most by a part of the media time that passed. */
  #approach(clock: StreamClock, advancedMs: number): void {
    const { offset } = clock;
    const most = advancedMs * SLEW;
    clock.offset = offset + Math.max(-most, Math.min(most, targetOf(clock) - offset));
  }
}

function targetOf(clock: StreamClock): number {
  if (clock.wall === undefined || clock.anchor === undefined) return clock.earliest;
  return clock.wall + clock.anchor.shift;
}

/** Sets an entry of a map that is not to grow without end. */
function remember<T>(map: Map<number, T>, key: number, value: T): void {
  if (!map.has(key) && map.size >= MAX_STREAMS) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  map.set(key, value);
}
