/** Why a connection counts as lost. */
export type LossReason = 'failed' | 'disconnected' | 'silent';

/** A browser calls a connection disconnected after a few lost checks; most come back within this time. */
const DISCONNECTED_MS = 3_000;
/** A server acknowledges what it gets several times a second. When nothing at all comes for this long, it is gone. */
const SILENT_MS = 2_000;
/** A server that speaks rarely is given this many of its longest pauses. */
const SILENT_PAUSES = 3;
/** When a reading comes later than this after the one before, the page slept, and the pause says nothing about the server. */
const SLEPT_MS = 2_200;

/**
 * Decides that a connection is lost, sooner than the browser does: a killed server shows there as `disconnected` only after some
 * 5 s and as `failed` after 15 s or more, and its viewers wait all that time.
 */
export class LossWatch {
  #disconnectedMs: number | undefined;
  #failed = false;
  #received = -1;
  #receivedMs = 0;
  #longestPauseMs = 0;
  #readMs: number | undefined;

  /** The connection's state changed. */
  changed(state: RTCPeerConnectionState, nowMs: number): void {
    this.#failed = state === 'failed' || state === 'closed';
    this.#disconnectedMs = state === 'disconnected' ? (this.#disconnectedMs ?? nowMs) : undefined;
  }

  /** A reading of a counter that grows with everything that comes from the server; undefined when the browser has none. */
  received(count: number | undefined, nowMs: number): void {
    const slept = this.#readMs === undefined || nowMs - this.#readMs > SLEPT_MS;
    this.#readMs = nowMs;
    if (count === undefined) {
      this.#received = -1;
    } else if (slept || this.#received === -1) {
      this.#received = count;
      this.#receivedMs = nowMs;
    } else if (count !== this.#received) {
      this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#receivedMs);
      this.#received = count;
      this.#receivedMs = nowMs;
    }
  }

  /** Why the connection is lost, or undefined while it is not. */
  verdict(nowMs: number): LossReason | undefined {
    if (this.#failed) {
      return 'failed';
    }
    if (this.#disconnectedMs !== undefined && nowMs - this.#disconnectedMs > DISCONNECTED_MS) {
      return 'disconnected';
    }
    const patienceMs = Math.max(SILENT_MS, SILENT_PAUSES * this.#longestPauseMs);
    return this.#received !== -1 && nowMs - this.#receivedMs > patienceMs ? 'silent' : undefined;
  }
}
