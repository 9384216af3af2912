import { type Health, healthScore } from './health-score.ts';
import type { SenderFigures } from './sender-figures.ts';

/** Quality of a stream over the last five seconds, as a broadcaster's page reports it. */
export interface StreamQualityMetrics {
  readonly id: string;
  readonly streamId: string;
  /** ISO 8601. */
  readonly recordedAt: string;
  readonly currentViewerCount: number;
  readonly concurrentConnections: number;
  /** Of the video. */
  readonly bitrateKbps?: number;
  readonly fps?: number;
  /** `1280x720`. */
  readonly resolution?: string;
  /** Pictures of the source that were not encoded. */
  readonly droppedFrames: number;
  /** Video and sound together. */
  readonly uploadBitrateKbps?: number;
  /** Half the round trip between browser and server. */
  readonly latencyMs?: number;
  readonly packetLossPercent?: number;
  /** 0 to 100; `health-score.ts` says how. Absent in the first five seconds of another video track. */
  readonly healthScore?: number;
  /** Beyond the contract: round trip between browser and server. */
  readonly rttMs?: number;
  /** Beyond the contract: what holds the encoder back. */
  readonly qualityLimitationReason?: SenderFigures['limitation'];
  /** Beyond the contract: the score in words. */
  readonly health?: Health;
}

/** What the figures are judged by, and whom they belong to. */
export interface MetricsContext {
  readonly id: string;
  readonly streamId: string;
  readonly recordedAt: Date;
  readonly viewers: number;
  readonly connections: number;
  readonly maxBitrateBps: number;
  /** See `HealthInput.expectedFramesPerSecond`. */
  readonly expectedFramesPerSecond: number | undefined;
  /** Whether the figures are old enough to be judged; without it there is no score. */
  readonly settled: boolean;
}

/** Health of these figures. */
export function healthOf(
  figures: SenderFigures,
  context: Pick<MetricsContext, 'maxBitrateBps' | 'expectedFramesPerSecond'>,
): Health {
  return healthScore({
    bitrateBps: figures.videoBitrateBps,
    targetBitrateBps: figures.targetBitrateBps,
    maxBitrateBps: context.maxBitrateBps,
    framesPerSecond: figures.framesPerSecond,
    expectedFramesPerSecond: context.expectedFramesPerSecond,
    sourceFramesPerSecond: figures.sourceFramesPerSecond,
    rttMs: figures.rttMs,
    lossFraction: figures.lossFraction,
    limitation: figures.limitation,
  });
}

/** Puts figures into the form of the contract. */
export function qualityMetrics(figures: SenderFigures, context: MetricsContext): StreamQualityMetrics {
  const health = context.settled ? healthOf(figures, context) : undefined;
  return {
    id: context.id,
    streamId: context.streamId,
    recordedAt: context.recordedAt.toISOString(),
    currentViewerCount: context.viewers,
    concurrentConnections: context.connections,
    bitrateKbps: Math.round(figures.videoBitrateBps / 1000),
    fps: Math.round(figures.framesPerSecond * 10) / 10,
    ...(figures.width === 0 ? {} : { resolution: `${String(figures.width)}x${String(figures.height)}` }),
    droppedFrames: figures.droppedFrames,
    uploadBitrateKbps: Math.round((figures.videoBitrateBps + figures.audioBitrateBps) / 1000),
    ...(figures.rttMs === undefined
      ? {}
      : { latencyMs: Math.round(figures.rttMs / 2), rttMs: Math.round(figures.rttMs) }),
    ...(figures.lossFraction === undefined
      ? {}
      : { packetLossPercent: Math.round(figures.lossFraction * 10_000) / 100 }),
    qualityLimitationReason: figures.limitation,
    ...(health === undefined ? {} : { healthScore: health.score, health }),
  };
}
