/** What a load maker is asked to do. Travels as JSON in its argument. */
export interface LoadOptions {
  /** `classic`: a playlist and a segment per segment duration. `ll`: blocking reloads, and each part as soon as it is listed. */
  readonly kind: 'classic' | 'll';
  readonly port: number;
  /** Path of each media playlist that a viewer follows, such as `/hls/bench/source/index.m3u8`. */
  readonly playlists: readonly string[];
  readonly viewers: number;
  /** Measured time; the viewers join in the seconds before it. */
  readonly seconds: number;
  readonly joinSeconds: number;
  /** Distance of segments, in seconds, for `classic`. */
  readonly segmentSec: number;
}

/** One answer to a held reload, or one part. Arrays, because there are tens of thousands. */
export interface PartArrival {
  readonly playlist: number;
  readonly msn: number;
  readonly part: number;
  /** When the released playlist's last byte was here, nanoseconds of the monotonic clock as text. */
  readonly releasedNs: string;
  /** When the part's last byte was here. */
  readonly arrivedNs: string;
}

/** What a load maker reports, as JSON on its last line. */
export interface LoadReport {
  readonly requests: number;
  readonly bytes: number;
  /** Answers that were neither 200 nor expected. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from request to last byte of each segment, for `classic`. */
  readonly segmentMs: readonly number[];
  /** For `ll`. */
  readonly arrivals: readonly PartArrival[];
  /** CPU of the load maker itself, per cent of a core: near 100 it measures itself. */
  readonly ownCpuPercent: number;
}
