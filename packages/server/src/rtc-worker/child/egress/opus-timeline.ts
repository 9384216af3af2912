/** Opus always counts at this rate (RFC 7587 §4.1). */
const SAMPLES_PER_MS = 48;
/** Less than the shortest usual packet, so that one lost packet shows; more than the jitter of times in milliseconds. */
const GAP_MS = 15;
/** Share of each difference that moves the clock's drift: settles in some seconds of 20 ms packets. */
const DRIFT_SHARE = 1 / 128;

/**
 * RTP time of sound: counted in samples, as players expect it (a step of a millisecond would be heard), and held to the stream's clock
 * by the sender reports, which follow `at`. A gap or a jump in the stream's times starts the count anew behind it.
 */
export class OpusTimeline {
  #next: number | undefined;
  /** Stream time less sample count, in samples, low-passed. */
  #drift = 0;

  /** RTP time (not wrapped) of a packet at `ptsMs` that lasts `samples`. */
  take(ptsMs: number, samples: number): number {
    const streamed = ptsMs * SAMPLES_PER_MS;
    let time = this.#next ?? streamed;
    const off = streamed - time - this.#drift;
    if (Math.abs(off) <= GAP_MS * SAMPLES_PER_MS) {
      this.#drift += off * DRIFT_SHARE;
    } else if (off > 0) {
      time = Math.round(streamed - this.#drift);
    } else {
      // Back in time: the count goes on, for RTP time may not fall, and the reports tell where it belongs.
      this.#drift = streamed - time;
    }
    this.#next = time + samples;
    return time;
  }

  /** RTP time (not wrapped) that belongs to a moment of the stream: for sender reports. */
  at(streamMs: number): number {
    return streamMs * SAMPLES_PER_MS - this.#drift;
  }
}
