import type { HealthWarning, PublisherHealth } from '../stream/publisher.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { MediaRate } from './media-meter.ts';

/** How a stream's media is now. What is not known is absent. */
export interface SessionFigures {
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
  /** Protocol of the publisher. */
  readonly protocol?: string;
  /** When the first publisher came, Unix milliseconds. */
  readonly startedAtMs: number;
  /** Pictures and sound as they arrive, averaged over five seconds. */
  readonly bitrateKbps?: number;
  /** The same with what the protocol adds and sends again, where it tells. */
  readonly uploadBitrateKbps?: number;
  readonly fps?: number;
  /** Frames per second that the source announced. */
  readonly announcedFps?: number;
  readonly width?: number;
  readonly height?: number;
  /** Pictures that were lost on the way or thrown away here since the stream began. */
  readonly droppedFrames: number;
  /** Encoded seconds per second; absent while nothing is encoded. */
  readonly encoderSpeed?: number;
  readonly rttMs?: number;
  /** 0…1 */
  readonly lossFraction?: number;
  readonly warnings: readonly HealthWarning[];
}

/** Below this the machine does not keep up with the ladder. */
const SLOW_ENCODER = 0.95;

/** Puts a session's figures together. */
export function sessionFigures(from: {
  readonly protocol: string | undefined;
  readonly startedAtMs: number;
  readonly rate: MediaRate | undefined;
  readonly video: VideoTrack | undefined;
  readonly droppedFrames: number;
  readonly encoderSpeed: number | undefined;
  readonly health: PublisherHealth | undefined;
}): SessionFigures {
  const { protocol, startedAtMs, rate, video, droppedFrames, encoderSpeed, health } = from;
  const warnings = [...(health?.warnings ?? [])];
  if (encoderSpeed !== undefined && encoderSpeed < SLOW_ENCODER)
    warnings.push({
      code: 'slow-encoder',
      message: `This server encodes at ${encoderSpeed.toFixed(2)} of the needed speed: viewers of the smaller renditions fall behind.`,
    });
  const base = { publishing: protocol !== undefined, startedAtMs, droppedFrames, warnings };
  if (protocol === undefined) return base;
  return {
    ...base,
    protocol,
    ...(rate === undefined ? {} : { bitrateKbps: Math.round(rate.bitrateBps / 1000) }),
    ...(rate === undefined || video === undefined ? {} : { fps: rate.framesPerSecond }),
    ...(video === undefined ? {} : { width: video.width, height: video.height }),
    ...(video?.frameRate === undefined ? {} : { announcedFps: video.frameRate }),
    ...(health?.bitrateBps === undefined ? {} : { uploadBitrateKbps: Math.round(health.bitrateBps / 1000) }),
    ...(encoderSpeed === undefined ? {} : { encoderSpeed }),
    ...(health?.rttMs === undefined ? {} : { rttMs: health.rttMs }),
    ...(health?.lossFraction === undefined ? {} : { lossFraction: health.lossFraction }),
  };
}
