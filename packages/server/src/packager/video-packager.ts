import { type FragmentSample, writeFragment } from '@tallylight/media/isobmff/fragment.ts';
import { writeInitSection } from '@tallylight/media/isobmff/init-section.ts';
import { ticks, VIDEO_TIMESCALE } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoCodec, VideoTrack } from '../stream/track.ts';
import { FrameInterval, nominalFrameRate } from './frame-interval.ts';
import { type PackagerOptions, partTargetSec } from './packager-options.ts';
import type { Cut, SegmentClock } from './segment-clock.ts';
import { SegmentFollower } from './segment-follower.ts';
import type { RenditionWindow } from './window.ts';

const PER_MS = VIDEO_TIMESCALE / 1000;
/** Shortest sample, in ticks: 1 ms. */
const MIN_DURATION = PER_MS;
/** A hole longer than this, in ticks, is listed as GAP parts; a shorter one is taken up by composition offsets. */
const GAP_FROM = VIDEO_TIMESCALE / 2;

/** A picture whose duration is not known yet. */
interface Pending {
  readonly unit: AccessUnit;
  readonly dts: number;
  readonly pts: number;
}

/** True for codecs that can be served as they come; others must be encoded. */
export function canPackage(codec: VideoCodec): codec is 'h264' | 'hevc' {
  return codec === 'h264' || codec === 'hevc';
}

/**
 * Packages one video rendition. Decode times run without a hole from sample to sample (rfc8216bis: tfdt(n+1) = tfdt(n) + Σ
 * durations) while presentation times stay exactly the source's: composition offsets take up the difference.
 */
export class VideoPackager {
  readonly window: RenditionWindow;
  readonly #clock: SegmentClock;
  readonly #follower: SegmentFollower;
  readonly #nominal: number;
  readonly #ceiling: number;
  readonly #interval = new FrameInterval();
  #track: VideoTrack | undefined;
  #nextTrack: VideoTrack | undefined;
  #initName = '';
  #samples: FragmentSample[] = [];
  #payloads: Uint8Array[] = [];
  #elapsed = 0;
  #segmentElapsed = 0;
  #partIndex = 0;
  #running: number | undefined;
  #shift: number | undefined;
  #pending: Pending | undefined;
  #sequence = 0;
  #flushed = false;

  constructor(window: RenditionWindow, clock: SegmentClock, options: PackagerOptions) {
    this.window = window;
    this.#clock = clock;
    this.#follower = new SegmentFollower(window, clock);
    this.#nominal = options.partDurationMs * PER_MS;
    this.#ceiling = Math.floor(partTargetSec(options.partDurationMs) * VIDEO_TIMESCALE);
  }

  /** The track being packaged. */
  get track(): VideoTrack | undefined {
    return this.#track ?? this.#nextTrack;
  }

  /** Frames per second as measured, or as announced before there is a measure. */
  get frameRate(): number | undefined {
    const ms = this.#interval.meanMs;
    return ms === undefined ? this.track?.frameRate : nominalFrameRate(1000 / ms);
  }

  /** Sets the parameters of the pictures that follow; a new init section is listed with the next segment. */
  setTrack(track: VideoTrack): void {
    this.#nextTrack = track;
  }

  /** Takes a picture on the stream's clock, in milliseconds and decode order. */
  push(unit: AccessUnit): void {
    const due = this.#follower.due(unit.pts);
    const begins = due !== undefined && this.#canBegin(unit, due.startMs);
    // Behind a flushed part, what a slow encoder still delivers would be a part too short within its segment.
    if (!begins && (this.#follower.current === undefined || this.#flushed)) return;
    if (begins && this.#beginsAnew(due)) this.#restart(unit);
    const dts = (unit.dts + (this.#shift ?? 0)) * PER_MS;
    this.#settle(dts);
    if (begins) {
      this.#publish();
      this.#adoptTrack();
      this.#follower.begin(due, this.#initName);
      this.#segmentElapsed = 0;
      this.#partIndex = 0;
    } else if (this.#partIsFull()) {
      this.#publish();
    }
    this.#running ??= dts;
    this.#interval.observe(unit.dts);
    this.#pending = { unit, dts: this.#running, pts: unit.pts * PER_MS };
    this.#publishEarly();
  }

  /** The publisher is gone: what is held is published. The next picture begins anew. */
  flush(): void {
    if (this.#pending !== undefined) this.#append(this.#intervalTicks());
    this.#publish();
    this.#flushed = true;
  }

  /**
   * A rendition begins with the keyframe of a cut, for its segments' times are those of the cuts. Later a rung that lost its keyframe
   * goes on with the first picture it has rather than not at all.
   */
  #canBegin(unit: AccessUnit, startMs: number): boolean {
    if (this.#follower.current === undefined) return unit.keyframe && unit.pts - startMs < 1;
    return unit.keyframe || !this.#flushed;
  }

  /** True when the segment does not continue the one before: its first picture says nothing about the last one's duration. */
  #beginsAnew(due: Cut): boolean {
    const current = this.#follower.current;
    const missedSome = current !== undefined && due.msn > current.msn + 1;
    return this.#flushed || due.discontinuity || missedSome || this.#shift === undefined;
  }

  /** First picture of a publisher, or after a discontinuity: its decode time is made equal to its presentation time. */
  #restart(unit: AccessUnit): void {
    if (this.#pending !== undefined) this.#append(this.#intervalTicks());
    this.#publish();
    this.#shift = unit.pts - unit.dts;
    this.#running = undefined;
    this.#flushed = false;
    this.#interval.reset();
  }

  #adoptTrack(): void {
    if (this.#nextTrack === undefined) return;
    this.#track = this.#nextTrack;
    this.#nextTrack = undefined;
    const { codec, width, height, config } = this.#track;
    if (!canPackage(codec)) throw new Error(`cannot package video codec ${codec}`);
    const init = writeInitSection({
      kind: 'video',
      codec,
      timescale: VIDEO_TIMESCALE,
      width,
      height,
      config,
    });
    this.#initName = this.window.addInit(init);
  }

  /** The next picture's decode time is known: so is the pending one's duration. */
  #settle(nextDts: number): void {
    if (this.#pending === undefined) return;
    const wanted = nextDts - this.#pending.dts;
    if (wanted > GAP_FROM) return this.#bridge(nextDts);
    this.#append(wanted);
  }

  #append(wanted: number): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const duration = Math.max(MIN_DURATION, Math.min(wanted, this.#ceiling - this.#elapsed));
    this.#samples.push({
      durationTicks: ticks(duration),
      sizeBytes: pending.unit.payload.byteLength,
      compositionOffsetTicks: ticks(pending.pts - pending.dts),
      keyframe: pending.unit.keyframe,
    });
    this.#payloads.push(pending.unit.payload);
    this.#elapsed += duration;
    this.#running = pending.dts + duration;
    this.#pending = undefined;
  }

  #intervalTicks(): number {
    return Math.round((this.#interval.meanMs ?? 33) * PER_MS);
  }

  #partIsFull(): boolean {
    return this.#samples.length > 0 && this.#elapsed >= this.#nominal - this.#intervalTicks() / 2;
  }

  /** With a steady frame rate the last picture of a part need not wait for the next one to tell its duration. */
  #publishEarly(): void {
    if (!this.#interval.steady) return;
    const interval = this.#intervalTicks();
    if (this.#elapsed + interval < this.#nominal - interval / 2) return;
    this.#append(interval);
    this.#publish();
  }

  #publish(): void {
    const first = this.#samples[0];
    if (first === undefined || this.#running === undefined) return;
    const bytes = writeFragment({
      sequenceNumber: (this.#sequence += 1),
      baseMediaDecodeTime: ticks(this.#running - this.#elapsed),
      samples: this.#samples,
      payloads: this.#payloads,
    });
    this.#segmentElapsed += this.#elapsed;
    const part = {
      durationSec: this.#elapsed / VIDEO_TIMESCALE,
      independent: first.keyframe,
      gap: false,
      bytes,
    };
    this.#samples = [];
    this.#payloads = [];
    this.#elapsed = 0;
    this.#partIndex += 1;
    this.window.addPart(part, this.#nextPart());
  }

  /** What the preload hint names: the next part, which is the next segment's first when this one is as long as expected. */
  #nextPart(): { readonly msn: number; readonly part: number } {
    const msn = this.#follower.current?.msn ?? 0;
    const full = this.#segmentElapsed + this.#intervalTicks() / 2 >= this.#clock.expectedMs * PER_MS;
    return full ? { msn: msn + 1, part: 0 } : { msn, part: this.#partIndex };
  }

  /** A hole in the pictures: the pending one keeps an ordinary duration, the rest is listed as missing. */
  #bridge(nextDts: number): void {
    this.#append(this.#intervalTicks());
    this.#publish();
    let hole = nextDts - (this.#running ?? nextDts);
    while (hole > GAP_FROM / 4 && this.#follower.current !== undefined) {
      const duration = Math.min(hole, this.#nominal);
      hole -= duration;
      this.#running = (this.#running ?? 0) + duration;
      this.#segmentElapsed += duration;
      this.#partIndex += 1;
      const part = {
        durationSec: duration / VIDEO_TIMESCALE,
        independent: false,
        gap: true,
        bytes: new Uint8Array(0),
      };
      this.window.addPart(part, this.#nextPart());
    }
  }
}
