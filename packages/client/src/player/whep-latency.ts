import type { WhepReading } from './whep-reading.ts';

/** How a latency was found. The first two count from the arrival of the media at the server, the last one from its leaving. None counts from the camera. */
export type LatencyBasis =
  /** Server time minus EXT-X-PROGRAM-DATE-TIME of the picture. */
  | 'program-date-time'
  /** Server time minus the sender report's date of the picture (RFC 3550 §6.4.1). */
  | 'sender-report'
  /** Half the round trip, plus jitter buffer and decoder, plus the screen: what publisher and server add is not in it. */
  | 'path';

/** A latency and where it comes from. */
export interface LatencyEstimate {
  readonly latencyMs: number;
  readonly basis: LatencyBasis;
}

/** From the decoded picture to the light of the screen: at 60 Hz a picture waits half a refresh, then one refresh to be scanned out. */
const DISPLAY_MS = 25;
/** Averages go over this time. */
const WINDOW_MS = 2_000;
/** A sender's date is not believed when it makes the picture younger than the path allows, or older than this. */
const CLOCK_SLACK_MS = 30;
const MAX_LATENCY_MS = 10_000;

/** Estimates how old the picture on the screen is, from the growth of the counters. Pure. */
export class WhepLatency {
  readonly #readings: WhepReading[] = [];

  /** Takes a reading, about every 250 ms. */
  add(reading: WhepReading): void {
    this.#readings.push(reading);
    const keptFromMs = reading.nowMs - WINDOW_MS;
    while (this.#readings.length > 2 && (this.#readings[0]?.nowMs ?? 0) < keptFromMs) {
      this.#readings.shift();
    }
  }

  /** From the server's door, on the way out, to the light of the screen, in ms; undefined before a round trip and a picture were measured. */
  get pathMs(): number | undefined {
    const receiverMs = this.#receiverMs();
    const roundTripSec = this.#readings.at(-1)?.roundTripSec;
    return receiverMs === undefined || roundTripSec === undefined
      ? undefined
      : (roundTripSec * 1000) / 2 + receiverMs + DISPLAY_MS;
  }

  /** Mean time of a picture in the jitter buffer, in ms; undefined without one in the window. */
  get jitterBufferMs(): number | undefined {
    return this.#mean('jitterBufferSec', 'jitterBufferEmitted');
  }

  /**
   * The latency now. `serverNowMs` = the server's time when the last reading was taken, in ms since 1970. Its sender reports must
   * date the media by the same clock; a date that the path contradicts is not used.
   */
  estimate(serverNowMs: number | undefined): LatencyEstimate | undefined {
    const { pathMs } = this;
    const playoutEpochMs = this.#readings.at(-1)?.playoutEpochMs;
    if (serverNowMs !== undefined && playoutEpochMs !== undefined) {
      const latencyMs = serverNowMs - playoutEpochMs;
      if (latencyMs >= (pathMs ?? 0) - DISPLAY_MS - CLOCK_SLACK_MS && latencyMs <= MAX_LATENCY_MS) {
        return { latencyMs: Math.max(latencyMs, 0), basis: 'sender-report' };
      }
    }
    return pathMs === undefined ? undefined : { latencyMs: pathMs, basis: 'path' };
  }

  /** From the first packet's arrival to the decoded picture, in ms. */
  #receiverMs(): number | undefined {
    const wholeMs = this.#mean('processingSec', 'framesDecoded');
    if (wholeMs !== undefined && wholeMs > 0) {
      return wholeMs;
    }
    // Older browsers have no totalProcessingDelay.
    const { jitterBufferMs } = this;
    const decodeMs = this.#mean('decodeSec', 'framesDecoded');
    return jitterBufferMs === undefined || decodeMs === undefined ? undefined : jitterBufferMs + decodeMs;
  }

  #mean(
    sumOfSec: 'processingSec' | 'jitterBufferSec' | 'decodeSec',
    count: 'framesDecoded' | 'jitterBufferEmitted',
  ): number | undefined {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (first === undefined || last === undefined || last[count] <= first[count]) {
      return undefined;
    }
    return ((last[sumOfSec] - first[sumOfSec]) / (last[count] - first[count])) * 1000;
  }
}
