import { bufferedMedia } from './buffered-media.ts';
import { LatencyController, type LatencyOptions } from './latency-controller.ts';
import { LiveEdge } from './live-edge.ts';
import type { Playback } from './playback.ts';
import { publisherSilent } from './player-status.ts';

/** What {@link LiveFollower.tick} found. */
export interface FollowerReading {
  /** Media ready after the playhead, in seconds. */
  readonly bufferSec: number;
  /** The buffer aimed at, in seconds. */
  readonly targetTroughSec: number;
  /** Whether playback is at the live edge, or on its way there. */
  readonly atLive: boolean;
}

/** What the follower is told at each tick. */
export interface FollowerInput {
  readonly nowMs: number;
  readonly playback: Playback | undefined;
  readonly latencyMs: number | undefined;
  /** Pictures are really moving: started, not paused, not seeking, enough media. */
  readonly flowing: boolean;
}

/** A `waiting` this soon after a seek of ours belongs to the seek, and is no stall. */
const SEEK_GRACE_MS = 800;
/** A jump to the edge over less than this is left to the rate. */
const JUMP_MIN_SEC = 2;
/** A pause shorter than this leaves playback at the edge. */
const SHORT_PAUSE_SEC = 1;

/** Holds the media element near the live edge for as long as the viewer wants to be there: rate, seeks, and what counts as live. */
export class LiveFollower {
  readonly #media: HTMLMediaElement;
  readonly #latency: LatencyController;
  readonly #edge = new LiveEdge();
  #following = true;
  #seekMs = Number.NEGATIVE_INFINITY;

  constructor(media: HTMLMediaElement, options: LatencyOptions | undefined) {
    this.#media = media;
    this.#latency = new LatencyController(options);
  }

  /** The buffer aimed at, in seconds. */
  get targetTroughSec(): number {
    return this.#latency.targetTroughSec;
  }

  /** Another playback begins. */
  restart(): void {
    this.#latency.rejoin();
  }

  /** Another rendition is being fetched. */
  noteSwitch(nowMs: number): void {
    this.#latency.settle(nowMs);
  }

  /** The viewer left the edge on purpose. */
  leave(): void {
    this.#following = false;
  }

  /** The viewer wants the edge. */
  goLive(playback: Playback | undefined): void {
    this.#following = true;
    this.#latency.rejoin();
    this.#seekToEdge(playback);
  }

  /** Playback stopped for want of media. */
  noteStall(nowMs: number, ownNetwork: boolean): void {
    this.#latency.noteStall(nowMs, ownNetwork);
  }

  /** Whether a `waiting` now is only the echo of a seek that was made here. */
  explainsWaiting(nowMs: number): boolean {
    return nowMs - this.#seekMs < SEEK_GRACE_MS;
  }

  /** Takes a reading and steers. */
  tick({ nowMs, playback, latencyMs, flowing }: FollowerInput): FollowerReading {
    const media = this.#media;
    const { aheadSec, endSec } = bufferedMedia(media.buffered, media.currentTime);
    const bufferSec = playback?.bufferSec ?? aheadSec;
    const latencySec = latencyMs === undefined ? undefined : latencyMs / 1000;
    if (flowing && this.#following && playback?.steerable === true) {
      const decision = this.#latency.update({ nowMs, bufferSec: aheadSec, bufferEndSec: endSec, latencySec });
      if (decision.jumpToEdge && this.#jumpHelps(playback)) {
        this.#seekToEdge(playback);
      } else if (decision.skipSec > 0) {
        this.#seek(media.currentTime + decision.skipSec);
      }
      this.#setRate(decision.rate);
    } else {
      this.#setRate(1);
    }
    const targetTroughSec = this.#latency.targetTroughSec;
    const behindSec = (latencySec ?? aheadSec) - targetTroughSec;
    if (flowing && !this.#following && behindSec < SHORT_PAUSE_SEC) {
      this.#following = true;
    }
    return {
      bufferSec,
      targetTroughSec,
      atLive: this.#edge.update(nowMs, behindSec, this.#following),
    };
  }

  /** Dates can lie for a moment around a discontinuity: the media timeline must agree that there is something to jump to. */
  #jumpHelps(playback: Playback): boolean {
    const edgeSec = playback.liveEdgeSec ?? Number.NEGATIVE_INFINITY;
    return !publisherSilent(playback) && edgeSec - this.#media.currentTime > JUMP_MIN_SEC;
  }

  #setRate(rate: number): void {
    if (this.#media.playbackRate !== rate) {
      this.#media.playbackRate = rate;
    }
  }

  #seekToEdge(playback: Playback | undefined): void {
    if (playback?.transport === 'whep') {
      // There is only the edge.
      return;
    }
    const { buffered, currentTime } = this.#media;
    const bufferedEndSec = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
    this.#seek(
      Math.max(bufferedEndSec - this.#latency.targetTroughSec, playback?.liveEdgeSec ?? 0, currentTime),
    );
  }

  #seek(positionSec: number): void {
    this.#seekMs = performance.now();
    this.#media.currentTime = positionSec;
  }
}
