import type { IngestStats } from '../../rtc-worker/rtc-gateway.ts';
import type { HealthWarning, PublisherHealth } from '../../stream/publisher.ts';

/** Seconds that loss and dropped pictures are averaged over: one bad second is no news. */
const WINDOW = 5;
/** Packets lost for good, above which pictures break again and again. */
const HIGH_LOSS = 0.02;
/** A resent packet comes too late for most players' patience from here. */
const HIGH_RTT_MS = 300;

/** Makes a publisher's health of what its connection tells each second. */
export class HealthWatch {
  readonly #recent: IngestStats[] = [];

  /** The health after one more second. */
  see(stats: IngestStats): PublisherHealth {
    this.#recent.push(stats);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    const { bitrateBps, framesPerSecond, rttMs, lossFraction, droppedFrames } = stats;
    return {
      bitrateBps,
      framesPerSecond,
      ...(rttMs === undefined ? {} : { rttMs }),
      lossFraction,
      droppedFrames,
      warnings: this.#warnings(stats),
    };
  }

  #warnings(stats: IngestStats): readonly HealthWarning[] {
    const warnings: HealthWarning[] = [];
    if (stats.hasBFrames) {
      warnings.push({
        code: 'b-frames',
        message:
          'B-frames are on: WebRTC viewers see jumps. In OBS, Settings > Output > Streaming, set B-frames to 0, restart the stream.',
      });
    }
    const loss = this.#mean((each) => each.lossFraction);
    if (loss >= HIGH_LOSS) {
      warnings.push({
        code: 'high-loss',
        message: `Your network loses ${(loss * 100).toFixed(0)} % of what you send. Use a cable, or lower the bitrate to 70 % of your upload.`,
      });
    }
    const rttMs = stats.rttMs ?? 0;
    if (rttMs >= HIGH_RTT_MS) {
      warnings.push({
        code: 'high-rtt',
        message: `Your connection takes ${Math.round(rttMs)} ms there and back: lost packets cannot be sent again in time. Use a cable.`,
      });
    }
    // A second with a lost picture now and then is what a repair that came too late looks like; every second is a fault.
    const droppedPerSec = this.#mean((each) => each.droppedFrames);
    if (droppedPerSec >= 1) {
      warnings.push({
        code: 'dropped-frames',
        message: `${droppedPerSec.toFixed(0)} pictures a second are lost on the way. Use a cable, or lower the bitrate to 70 % of your upload.`,
      });
    }
    return warnings;
  }

  #mean(of: (stats: IngestStats) => number): number {
    return this.#recent.reduce((sum, each) => sum + of(each), 0) / this.#recent.length;
  }
}
