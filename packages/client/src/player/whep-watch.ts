import type { WhepReading } from './whep-reading.ts';

/** What a {@link WhepWatch} concludes. */
export type WhepCondition =
  /** Nothing has come yet. */
  | 'starting'
  /** Pictures come, or it is the publisher who sends few. */
  | 'flowing'
  /** The picture stands still although it should not. */
  | 'stalled'
  /** Nothing at all comes any more, neither media nor reports: the session is probably dead. */
  | 'silent'
  /** The session lives, but no media comes. */
  | 'no-media';

/** Packets without a picture for this long, or for two pictures' time when they are rarer: they cannot be decoded, or some never came. */
const UNDECODED_MS = 500;
/** Sound comes every 20 ms; when it and the picture stop together for this long, the network is at fault. */
const HUSH_MS = 500;
/** After a hush without sound, pictures must come for this long: a few may be old ones that the server repeats. */
const PICTURE_ONLY_MS = 1_000;
const SILENT_MS = 1_500;
const NO_MEDIA_MS = 5_000;

/**
 * Tells a network that fails from a publisher that sends little, by which counters grow. A screen share may send one picture a
 * second, or none while nothing moves: no packets of the picture, but sound or reports, is no stall. Pure.
 */
export class WhepWatch {
  #last: WhepReading | undefined;
  #aliveMs = 0;
  #mediaMs = 0;
  #audioMs = Number.NEGATIVE_INFINITY;
  #frameMs = 0;
  /** Not known before the second picture: then rather patient. */
  #frameIntervalMs = 1_000;
  /** Since when packets of the picture have come without a picture. */
  #undecodedMs: number | undefined;
  /** Since when pictures have come without a pause. */
  #pictureSinceMs = 0;
  /** Sound and picture stopped together, and neither has really come back. */
  #hushed = false;
  #started = false;

  /** Whether a picture was ever decoded. */
  get hasPicture(): boolean {
    return (this.#last?.framesDecoded ?? 0) > 0;
  }

  /** Whether sound came. */
  get hasSound(): boolean {
    return (this.#last?.audioPackets ?? 0) > 0;
  }

  /** Seconds without media while the session lives; undefined when it is not known to live. */
  sinceMediaSec(nowMs: number): number | undefined {
    const mediaMs = this.#hushed ? this.#audioMs : this.#mediaMs;
    return nowMs - this.#aliveMs > SILENT_MS ? undefined : (nowMs - mediaMs) / 1000;
  }

  /** Takes a reading and concludes. `connected` = ICE and DTLS are through; time before that does not count. */
  update(reading: WhepReading, connected: boolean): WhepCondition {
    const { nowMs } = reading;
    const last = this.#last;
    this.#last = reading;
    if (last === undefined || !connected) {
      this.#aliveMs = nowMs;
      this.#mediaMs = nowMs;
      this.#frameMs = nowMs;
      return 'starting';
    }
    this.#note(reading, last);
    if (!this.#started) {
      const alive = nowMs - this.#aliveMs <= NO_MEDIA_MS;
      return nowMs - this.#mediaMs <= NO_MEDIA_MS ? 'starting' : alive ? 'no-media' : 'silent';
    }
    if (nowMs - this.#aliveMs > SILENT_MS) {
      return 'silent';
    }
    // Without sound nobody can tell a share that stands still from a publisher who is away.
    this.#hushed ||= Number.isFinite(this.#audioMs) && nowMs - this.#mediaMs > HUSH_MS;
    if (this.#hushed) {
      return nowMs - this.#audioMs > NO_MEDIA_MS ? 'no-media' : 'stalled';
    }
    const patienceMs = Math.max(UNDECODED_MS, 2 * this.#frameIntervalMs);
    const undecoded = this.#undecodedMs !== undefined && nowMs - this.#undecodedMs > patienceMs;
    return undecoded ? 'stalled' : 'flowing';
  }

  #note(reading: WhepReading, last: WhepReading): void {
    const { nowMs } = reading;
    if (reading.transportBytes > last.transportBytes || reading.iceResponses > last.iceResponses) {
      this.#aliveMs = nowMs;
    }
    if (reading.audioPackets > last.audioPackets) {
      this.#hushed = false;
      this.#audioMs = nowMs;
      this.#mediaMs = nowMs;
      this.#aliveMs = nowMs;
    }
    if (reading.videoPackets > last.videoPackets) {
      this.#mediaMs = nowMs;
      this.#aliveMs = nowMs;
      this.#undecodedMs ??= nowMs;
    }
    if (reading.framesDecoded > last.framesDecoded) {
      if (this.#started) {
        this.#frameIntervalMs = (nowMs - this.#frameMs) / (reading.framesDecoded - last.framesDecoded);
      }
      if (nowMs - this.#frameMs > HUSH_MS) {
        this.#pictureSinceMs = nowMs;
      }
      if (this.#hushed && nowMs - this.#pictureSinceMs > PICTURE_ONLY_MS) {
        this.#hushed = false;
        this.#audioMs = Number.NEGATIVE_INFINITY;
      }
      this.#started = true;
      this.#frameMs = nowMs;
      this.#undecodedMs = undefined;
    }
  }
}
