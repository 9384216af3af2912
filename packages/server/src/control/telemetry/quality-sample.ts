import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { v7 } from 'uuid';
import type { LiveFigures } from '../live-port.ts';
import { healthScore } from './health-score.ts';

/** What a sample is made of. */
export interface SampleInput {
  readonly streamId: string;
  readonly recordedAtMs: number;
  readonly figures: LiveFigures;
  /** `figures.droppedFrames` of the sample before; undefined for the first. */
  readonly droppedBefore: number | undefined;
  /** Playback sessions. */
  readonly viewers: number;
  /** Connections that the media servers count, by whatever player. */
  readonly connections: number;
  /** The middle of what players tell of their delay. */
  readonly latencyMs: number | undefined;
}

/** Puts one sample of a live stream together. What is not known stays absent: nothing is made up. */
export function qualitySample(input: SampleInput): StreamQualityMetrics {
  const { figures, droppedBefore } = input;
  // A media session that began anew counts from nothing.
  const isSameSession = droppedBefore !== undefined && droppedBefore <= figures.droppedFrames;
  const droppedFrames = figures.droppedFrames - (isSameSession ? droppedBefore : 0);
  const { bitrateKbps, uploadBitrateKbps, fps, width, height, encoderSpeed, rttMs, lossFraction } = figures;
  return {
    id: v7(),
    streamId: input.streamId,
    recordedAt: new Date(input.recordedAtMs).toISOString(),
    currentViewerCount: input.viewers,
    concurrentConnections: input.connections,
    ...(bitrateKbps === undefined ? {} : { bitrateKbps }),
    ...(fps === undefined ? {} : { fps: rounded(fps) }),
    ...(width === undefined || height === undefined ? {} : { resolution: `${width}x${height}` }),
    droppedFrames,
    ...(encoderSpeed === undefined ? {} : { encoderSpeed: rounded(encoderSpeed) }),
    ...(uploadBitrateKbps === undefined ? {} : { uploadBitrateKbps }),
    ...(input.latencyMs === undefined ? {} : { latencyMs: Math.round(input.latencyMs) }),
    ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
    ...(lossFraction === undefined ? {} : { packetLossPercent: rounded(lossFraction * 100) }),
    healthScore: healthScore({
      ...{ bitrateKbps, fps, announcedFps: figures.announcedFps, width, height },
      ...{ publishing: figures.publishing, droppedFrames, encoderSpeed, rttMs, lossFraction },
    }),
    ...(figures.warnings.length === 0 ? {} : { warnings: [...figures.warnings] }),
  };
}

/** To hundredths: more would be noise. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
