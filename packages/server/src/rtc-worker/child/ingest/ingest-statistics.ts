import type { ReceptionStatistics } from '@tallylight/media/rtp/reception-statistics.ts';
import type { IngestStats } from '../../rtc-gateway.ts';
import type { AudioReceiver } from './audio-receiver.ts';
import type { VideoReceiver } from './video-receiver.ts';

/** Where the figures come from, besides what was counted. */
export interface IngestSources {
  readonly sources: readonly { readonly statistics: ReceptionStatistics | undefined }[];
  readonly video: VideoReceiver | undefined;
  readonly audio: AudioReceiver | undefined;
  readonly rttMs: number | undefined;
}

/** Counts what came on a publisher's connection, and makes figures of it. */
export class IngestStatistics {
  #bytes = 0;
  #packets = 0;
  #sinceMs = 0;

  /** An RTP packet of this size came. */
  received(bytes: number): void {
    this.#bytes += bytes;
    this.#packets++;
  }

  /** Counting starts now. */
  start(nowMs: number): void {
    this.#bytes = 0;
    this.#packets = 0;
    this.#sinceMs = nowMs;
  }

  /** The figures since the last call, or since the start. */
  take(nowMs: number, { sources, video, audio, rttMs }: IngestSources): IngestStats {
    const seconds = Math.max(0.001, (nowMs - this.#sinceMs) / 1000);
    const layerLosses = (video?.layers ?? []).map((layer) => layer.takeLostPackets());
    const lost = layerLosses.reduce((sum, count) => sum + count, audio?.takeLostPackets() ?? 0);
    const jitters = sources.map(({ statistics }) => statistics?.jitterMs ?? 0);
    const { frames, droppedFrames } = video?.takeCounts() ?? { frames: 0, droppedFrames: 0 };
    const stats: IngestStats = {
      bitrateBps: Math.round((this.#bytes * 8) / seconds),
      framesPerSecond: Math.round((frames / seconds) * 10) / 10,
      ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs * 10) / 10 }),
      lossFraction: lost === 0 ? 0 : lost / (lost + this.#packets),
      jitterMs: Math.round(Math.max(0, ...jitters) * 10) / 10,
      droppedFrames,
      hasBFrames: video?.hasBFrames ?? false,
      ...(video?.rid === undefined ? {} : { rid: video.rid }),
    };
    this.start(nowMs);
    return stats;
  }
}
