import { type FragmentSample, writeFragment } from '@tallylight/media/isobmff/fragment.ts';
import { writeInitSection } from '@tallylight/media/isobmff/init-section.ts';
import { ticks, timescale } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack } from '../stream/track.ts';
import { AudioTimeline, type PlacedFrame } from './audio-timeline.ts';
import type { PackagerOptions } from './packager-options.ts';
import type { SegmentClock } from './segment-clock.ts';
import { SegmentFollower } from './segment-follower.ts';
import { silenceOf } from './silent-track.ts';
import type { RenditionWindow } from './window.ts';

/** Once silent, audio is filled up to this much before the video, in milliseconds. */
const FILL_LAG_MS = 40;
/** Audio that waited this long for its video, in milliseconds, goes on without it: a little for the source's, long for an encoder's. */
const MAX_WAIT_MS = 400;
const MAX_ENCODER_WAIT_MS = 4000;

/**
 * Packages the audio rendition. A frame waits until the video has come as far: no viewer can play it earlier, and by then the
 * segment clock has seen every keyframe that could cut before it.
 */
export class AudioPackager {
  readonly window: RenditionWindow;
  readonly #clock: SegmentClock;
  readonly #follower: SegmentFollower;
  readonly #nominalMs: number;
  readonly #silenceMs: number;
  #queue: AccessUnit[] = [];
  #timeline: AudioTimeline;
  #nextTrack: AudioTrack | undefined;
  #initName: string | undefined;
  #frames: PlacedFrame[] = [];
  #partIndex = 0;
  #segmentMs = 0;
  #silent = true;
  /** Silence was placed last: sound that resumes is put where it belongs, not behind it. */
  #filled = false;
  #sequence = 0;

  /** @param track what the stream begins with: the source's track, or silence. */
  constructor(options: {
    readonly window: RenditionWindow;
    readonly clock: SegmentClock;
    readonly packager: PackagerOptions;
    readonly track: AudioTrack;
    /** How far audio may fall behind video, in milliseconds, before silence fills it. */
    readonly silenceMs: number;
  }) {
    this.window = options.window;
    this.#clock = options.clock;
    this.#follower = new SegmentFollower(options.window, options.clock);
    this.#nominalMs = options.packager.partDurationMs;
    this.#silenceMs = options.silenceMs;
    this.#timeline = new AudioTimeline(options.track, silenceOf(options.track));
  }

  /** The track being packaged. */
  get track(): AudioTrack {
    return this.#timeline.track;
  }

  /** True when these parameters differ from what is being packaged, so that a discontinuity must carry them. */
  differsFrom(track: AudioTrack): boolean {
    return !sameBytes(track.config, this.track.config);
  }

  /** Sets the parameters of the frames that follow; they apply at the next discontinuity. */
  setTrack(track: AudioTrack): void {
    this.#nextTrack = track;
    this.#queue = [];
  }

  /** Takes a frame on the stream's clock, in milliseconds. */
  push(unit: AccessUnit): void {
    this.#queue.push(unit);
    const first = this.#queue[0];
    const maxWaitMs = this.#clock.followsEncoder ? MAX_ENCODER_WAIT_MS : MAX_WAIT_MS;
    if (first !== undefined && unit.pts - first.pts > maxWaitMs) this.#place(this.#queue.shift() ?? first);
  }

  /** The video has come to this stream time: audio up to there is packaged, or filled with silence. */
  advance(videoMs: number): void {
    for (let unit = this.#queue[0]; unit !== undefined && unit.pts <= videoMs; unit = this.#queue[0]) {
      this.#queue.shift();
      this.#place(unit);
    }
    if (this.#queue.length > 0 && this.#nextTrack === undefined) return;
    const start = this.#clock.current?.startMs;
    if (start === undefined) return;
    const endMs = this.#timeline.endMs ?? start;
    const lagMs = this.#silent ? FILL_LAG_MS : this.#silenceMs;
    if (videoMs - endMs < lagMs + this.#timeline.frameMs) return;
    this.#silent = true;
    this.#filled = true;
    for (const frame of this.#timeline.fillTo(videoMs - FILL_LAG_MS, start)) this.#add(frame);
  }

  /** The publisher is gone: what is held is published, the next frame is placed anew. */
  flush(): void {
    for (const unit of this.#queue) this.#place(unit);
    this.#queue = [];
    this.#publish();
    this.#timeline = new AudioTimeline(this.track, silenceOf(this.track));
  }

  #place(unit: AccessUnit): void {
    const current = this.#clock.current;
    if (current === undefined) return;
    // New parameters wait for their discontinuity; until then the old format's silence goes on.
    if (this.#nextTrack !== undefined && !this.#adoptTrackAt(unit.pts)) return;
    if (this.#timeline.endMs === undefined) {
      const begin = this.#follower.current?.startMs ?? this.#clock.current?.startMs ?? 0;
      if (unit.pts < begin - this.#timeline.frameMs / 2) return;
    }
    this.#silent = false;
    if (this.#filled && !this.#resume(unit.pts)) return;
    for (const frame of this.#timeline.place(unit)) this.#add(frame);
  }

  /** After silence: false for sound that is late, whose place was filled; else silence goes on to the frame nearest to it. */
  #resume(ms: number): boolean {
    const half = this.#timeline.frameMs / 2;
    if (ms < (this.#timeline.endMs ?? ms) - half) return false;
    this.#filled = false;
    for (const frame of this.#timeline.fillTo(ms + half, ms)) this.#add(frame);
    return true;
  }

  #adoptTrackAt(ms: number): boolean {
    const track = this.#nextTrack;
    const due = this.#follower.due(ms);
    if (track === undefined || (this.#follower.current !== undefined && due?.discontinuity !== true))
      return false;
    this.#publish();
    this.#nextTrack = undefined;
    this.#timeline = new AudioTimeline(track, silenceOf(track));
    this.#initName = undefined;
    return true;
  }

  #add(frame: PlacedFrame): void {
    const { sampleRate } = this.track;
    const ms = (frame.sample * 1000) / sampleRate;
    // Audio is cut at the frame nearest to the picture that begins the segment.
    const due = this.#follower.due(ms + this.#timeline.frameMs / 2);
    if (due !== undefined) {
      this.#publish();
      this.#initName ??= this.window.addInit(this.#init());
      this.#follower.begin(due, this.#initName);
      this.#partIndex = 0;
      this.#segmentMs = 0;
    }
    if (this.#follower.current === undefined) return;
    this.#frames.push(frame);
    if (this.#frames.length * this.#timeline.frameMs >= this.#nominalMs - this.#timeline.frameMs / 2)
      this.#publish();
  }

  #publish(): void {
    const first = this.#frames[0];
    const current = this.#follower.current;
    if (first === undefined || current === undefined) return;
    const { samplesPerFrame, sampleRate } = this.track;
    const samples: FragmentSample[] = this.#frames.map((frame) => ({
      durationTicks: ticks(samplesPerFrame),
      sizeBytes: frame.payload.byteLength,
      compositionOffsetTicks: ticks(0),
      keyframe: true,
    }));
    const bytes = writeFragment({
      sequenceNumber: (this.#sequence += 1),
      baseMediaDecodeTime: ticks(first.sample),
      samples,
      payloads: this.#frames.map((frame) => frame.payload),
    });
    const durationSec = (samples.length * samplesPerFrame) / sampleRate;
    this.#frames = [];
    this.#partIndex += 1;
    this.#segmentMs += durationSec * 1000;
    const full = this.#segmentMs + this.#timeline.frameMs >= this.#clock.expectedMs;
    const next = full ? { msn: current.msn + 1, part: 0 } : { msn: current.msn, part: this.#partIndex };
    this.window.addPart({ durationSec, independent: true, gap: false, bytes }, next);
  }

  #init(): Uint8Array {
    const { codec, sampleRate, channels, config } = this.track;
    return writeInitSection({
      kind: 'audio',
      codec,
      timescale: timescale(sampleRate),
      sampleRate,
      channels,
      config,
    });
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((value, index) => value === b[index]);
}
