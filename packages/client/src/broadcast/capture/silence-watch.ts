/** Below this a microphone's own noise is all there is, in dBFS; a muted one gives −∞. */
const SILENT_DBFS = -60;
/** A speaker may pause; a microphone that gives nothing for this long is muted or the wrong one. */
const SILENT_MS = 10_000;

/** Tells a microphone that gives nothing from a speaker who pauses. */
export class SilenceWatch {
  #soundMs: number | undefined;

  /** Takes a peak in dBFS; true once nothing was heard for 10 s. */
  update(peakDbfs: number, nowMs: number): boolean {
    if (this.#soundMs === undefined || peakDbfs > SILENT_DBFS) {
      this.#soundMs = nowMs;
    }
    return nowMs - this.#soundMs >= SILENT_MS;
  }

  /** Begins anew: another microphone, or it was muted on purpose. */
  reset(): void {
    this.#soundMs = undefined;
  }
}
