import type { QualityLimitation } from './health-score.ts';
import { type SenderReport, sameSource } from './sender-report.ts';

/** What a broadcast did between two reports. */
export interface SenderFigures {
  readonly videoBitrateBps: number;
  readonly audioBitrateBps: number;
  readonly framesPerSecond: number;
  /** That the source gave to the encoder; undefined where the browser does not count them, and between two sources. */
  readonly sourceFramesPerSecond: number | undefined;
  /** Pictures of the source that were not encoded. */
  readonly droppedFrames: number;
  readonly width: number;
  readonly height: number;
  readonly rttMs: number | undefined;
  /** 0 to 1; undefined before the far end's first report. */
  readonly lossFraction: number | undefined;
  readonly targetBitrateBps: number | undefined;
  readonly limitation: QualityLimitation;
  readonly videoCodec: string | undefined;
}

/** One picture is always on its way between the source and the encoder. */
const IN_FLIGHT_FRAMES = 1;

/** Figures of the time between two reports of the same connection. Counters that fell (another session) count as nothing. */
export function senderFigures(from: SenderReport, to: SenderReport): SenderFigures {
  const seconds = Math.max(0.001, (to.atMs - from.atMs) / 1000);
  const framesEncoded = grown(from.framesEncoded, to.framesEncoded);
  const counted = from.sourceFrames !== undefined && to.sourceFrames !== undefined && sameSource(from, to);
  const sourceFrames = counted ? grown(from.sourceFrames, to.sourceFrames) : undefined;
  const packets = grown(from.packetsSent, to.packetsSent);
  // Before the far end's first report nothing was lost that anybody knows of.
  const lost = to.packetsLost === undefined ? undefined : grown(from.packetsLost ?? 0, to.packetsLost);
  return {
    videoBitrateBps: (8 * grown(from.videoBytesSent, to.videoBytesSent)) / seconds,
    audioBitrateBps: (8 * grown(from.audioBytesSent, to.audioBytesSent)) / seconds,
    framesPerSecond: framesEncoded / seconds,
    sourceFramesPerSecond: sourceFrames === undefined ? undefined : sourceFrames / seconds,
    droppedFrames: Math.max(0, (sourceFrames ?? 0) - framesEncoded - IN_FLIGHT_FRAMES),
    width: to.width,
    height: to.height,
    rttMs: to.rttMs,
    lossFraction: lost === undefined || packets === 0 ? undefined : Math.min(1, lost / packets),
    targetBitrateBps: to.targetBitrateBps,
    limitation: to.limitation,
    videoCodec: to.videoCodec,
  };
}

function grown(from: number | undefined, to: number | undefined): number {
  return from === undefined || to === undefined ? 0 : Math.max(0, to - from);
}
