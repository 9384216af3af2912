import type { HealthWarning } from '../stream/publisher.ts';
import { BITRATE_TOLERANCE, type StreamLimits } from '../stream/stream-limits.ts';
import type { VideoTrack } from '../stream/track.ts';
import { exceedsRate, exceedsSize } from '../transcode/ladder.ts';
import type { MediaRate } from './media-meter.ts';

/** An encoder set to the limit sends so much more with its sound and its peaks. */
const ENCODER_TOLERANCE = 1.1;
/** A measured rate above the limit by so much is no jitter. */
const RATE_TOLERANCE = 1.1;

/** What a publisher sends beyond the limits of its stream, in words for its broadcaster: what happens to it, and how to mend it. */
export function limitWarnings(from: {
  readonly limits: StreamLimits;
  /** The source; undefined while there is none. */
  readonly video: VideoTrack | undefined;
  /** What arrives; undefined while that is not known. */
  readonly rate: MediaRate | undefined;
  /** True when what is above the limits is encoded, false when viewers get it as it is. */
  readonly encodes: boolean;
}): readonly HealthWarning[] {
  const { limits, video, rate, encodes } = from;
  const warnings: HealthWarning[] = [];
  const { maxShortSide, maxFrameRate, maxBitrateBps } = limits;
  if (video !== undefined && maxShortSide !== undefined && exceedsSize(video, limits)) {
    const outcome = encodes
      ? 'this server scales it down, which costs it an encoder and the picture some quality'
      : 'viewers get it as it is, for this server encodes nothing now';
    warnings.push({
      code: 'source-above-resolution',
      message: `Your picture is ${video.width}×${video.height}, this stream's limit is ${maxShortSide}p: ${outcome}. Set your encoder to ${maxShortSide}p, or raise the stream's resolution.`,
    });
  }
  const framesPerSecond = aboveRate(video, rate, maxFrameRate);
  if (framesPerSecond !== undefined && maxFrameRate !== undefined) {
    const outcome =
      !encodes || video?.frameRate === undefined ? 'viewers get all of them' : 'viewers get fewer';
    warnings.push({
      code: 'source-above-frame-rate',
      message: `You send ${Math.round(framesPerSecond)} pictures a second, this stream's limit is ${maxFrameRate}: ${outcome}. Set your encoder to ${maxFrameRate} fps, or raise the stream's fps.`,
    });
  }
  if (
    rate !== undefined &&
    maxBitrateBps !== undefined &&
    rate.bitrateBps > maxBitrateBps * ENCODER_TOLERANCE
  ) {
    warnings.push({
      code: 'source-above-bitrate',
      message: `You send ${mbps(rate.bitrateBps)} Mbps, this stream's limit is ${mbps(maxBitrateBps)}: above ${mbps(maxBitrateBps * BITRATE_TOLERANCE)} you are disconnected. Lower the bitrate of your encoder.`,
    });
  }
  return warnings;
}

/** The rate that is above the limit: as it was announced, or as it is where nobody announced it. */
function aboveRate(
  video: VideoTrack | undefined,
  rate: MediaRate | undefined,
  maxFrameRate: number | undefined,
): number | undefined {
  if (video === undefined || maxFrameRate === undefined) return undefined;
  if (video.frameRate !== undefined)
    return exceedsRate(video, { maxFrameRate }) ? video.frameRate : undefined;
  const measured = rate?.framesPerSecond ?? 0;
  return measured > maxFrameRate * RATE_TOLERANCE ? measured : undefined;
}

function mbps(bps: number): string {
  return (bps / 1e6).toFixed(1);
}
