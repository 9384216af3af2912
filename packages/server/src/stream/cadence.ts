import { ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from './access-unit.ts';

/** Makes pictures that repeat the last one. Implemented over `media/codecs/h264`; absent where a codec allows none. */
export interface PictureRepeater {
  /** Takes note of a source picture, which the next repeats will follow. Cheap. */
  observe(payload: Uint8Array): void;
  /** A coded repeat of the last observed picture, or undefined when none can be made. */
  make(): Uint8Array | undefined;
}

/** Longest and shortest distance of repeated pictures, in milliseconds. */
const MAX_INTERVAL_MS = 50;
const MIN_INTERVAL_MS = 16;
/** While filling, repeats follow the other track at this distance, in milliseconds. */
const FILL_LAG_MS = 60;
/** A picture this much older than its repeats, in milliseconds, shows that video runs behind the audio. */
const BEHIND_MS = 200;
/** Longest silence that is waited for in such a stream, in milliseconds. */
const MAX_SILENCE_MS = 1500;
/** Pictures made at once, at most: 20 s of 30 fps. */
const MAX_BURST = 600;

/**
 * Keeps video going while a publisher sends none (a static screen share falls to 1 fps): repeats the last picture at the last
 * known frame interval. Parts may not outlast the part target (rfc8216bis §4.4.4.9), and players stall on a track that falls silent.
 */
export class VideoCadence {
  #silenceMs: number;
  #repeater: PictureRepeater | undefined;
  #lastDtsMs: number | undefined;
  #intervalMs = 33;
  #filling = false;
  #reordered = false;
  #repeated = 0;

  /** @param silenceMs how far video may fall behind, in milliseconds, before it is filled. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** Pictures made so far. */
  get repeated(): number {
    return this.#repeated;
  }

  /** A new track: the next repeats follow its pictures. */
  reset(repeater: PictureRepeater | undefined): void {
    this.#repeater = repeater;
    this.#filling = false;
    this.#lastDtsMs = undefined;
  }

  /** Takes a source picture and returns it, moved behind the repeats when it came later than they did. */
  pass(unit: AccessUnit): AccessUnit {
    const last = this.#lastDtsMs;
    const step = last === undefined ? 0 : unit.dts - last;
    // A picture that arrives after repeats were put in its place keeps its order and is shown a little late.
    const late = last !== undefined && step <= 0;
    // So late that video was not silent but merely behind the audio, as some encoders send it: wait longer next time.
    if (late && -step > BEHIND_MS) this.#silenceMs = Math.min(MAX_SILENCE_MS, this.#silenceMs - step);
    const dts = late ? ticks(last + 5) : unit.dts;
    if (!this.#filling && step >= MIN_INTERVAL_MS / 2 && step <= MAX_INTERVAL_MS) {
      this.#intervalMs += (step - this.#intervalMs) / 4;
    }
    this.#filling = false;
    this.#lastDtsMs = dts;
    // After a picture that is shown later than it is decoded, a repeat would be shown out of order.
    this.#reordered = unit.pts !== unit.dts;
    this.#repeater?.observe(unit.payload);
    return late ? { ...unit, dts, pts: ticks(Math.max(unit.pts, dts)) } : unit;
  }

  /** Repeats needed now that the stream has reached `streamMs`. Empty while video keeps up. */
  fill(streamMs: number): readonly AccessUnit[] {
    const last = this.#lastDtsMs;
    if (this.#repeater === undefined || last === undefined || this.#reordered) return [];
    if (!this.#filling && streamMs - last < this.#silenceMs) return [];
    const units: AccessUnit[] = [];
    const interval = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, Math.round(this.#intervalMs)));
    for (
      let next = last + interval;
      next <= streamMs - FILL_LAG_MS && units.length < MAX_BURST;
      next += interval
    ) {
      const payload = this.#repeater.make();
      if (payload === undefined) break;
      this.#filling = true;
      this.#repeated += 1;
      this.#lastDtsMs = next;
      units.push({ kind: 'video', pts: ticks(next), dts: ticks(next), keyframe: false, payload });
    }
    return units;
  }
}
