/**
 * Keeps a live player close to the edge by its buffer's trough: the least buffer seen over a window longer than the
 * interval between parts. Latency = trough + part + a little, so the trough is what can be given away.
 */

/** Settings of the {@link LatencyController}. Each has a default. */
export interface LatencyOptions {
  /** Trough aimed at on a calm network, in seconds. Lower is closer to live and nearer to a stall. Default 0.3. */
  readonly troughSec?: number;
  /** Length of the window the trough is taken over, in seconds; longer than a few parts. Default 1.2. */
  readonly windowSec?: number;
  /** Highest playback rate while joining. Default 1.25. */
  readonly joinRate?: number;
  /** Highest playback rate afterwards. Default 1.1. */
  readonly maxRate?: number;
  /** Playback rate while the trough is too low. Default 0.95. */
  readonly minRate?: number;
  /** What a stall adds to the trough, in seconds. Default 0.5, in all at most 2. */
  readonly stallStepSec?: number;
  /** Latency beyond which playback jumps to the edge, in seconds. Default 8. */
  readonly jumpLatencySec?: number;
}

/** What the controller is told, about every 50 ms. */
export interface LatencyReading {
  /** A clock that never goes back, in ms. */
  readonly nowMs: number;
  /** Media ready after the playhead, in seconds. */
  readonly bufferSec: number;
  /** End of the buffered media on the media timeline, in seconds. */
  readonly bufferEndSec: number;
  /** Latency by the server's clock, in seconds, when known. */
  readonly latencySec: number | undefined;
}

/** What the controller asks for. */
export interface LatencyDecision {
  /** The playback rate to set; 0 while the buffer is refilled after a stall. */
  readonly rate: number;
  /** Move the playhead forward by this much, in seconds, inside the buffer. 0 = stay. */
  readonly skipSec: number;
  /** Playback fell so far behind that it should be placed anew at the live edge. */
  readonly jumpToEdge: boolean;
}

/** Stall increases shrink by this much per second, once {@link CALM_MS} passed without a stall. */
const DECAY_PER_SEC = 0.05;
const CALM_MS = 10_000;
const MAX_STALL_EXTRA_SEC = 2;
/** A trough that falls by less than this below its median is sampling noise: readings are 50 ms apart, and picture and sound have parts of unequal length. */
const JITTER_NOISE_SEC = 0.1;
const MAX_JITTER_EXTRA_SEC = 1;
/** How many windows are remembered for the jitter, and how many are needed to say anything. */
const JITTER_WINDOWS = 10;
const JITTER_WINDOWS_MIN = 3;
/** While joining, hls.js fetches old and new parts together: windows before this say nothing about the network. */
const JITTER_SETTLE_MS = 2_500;
/** No steering before this: the first trough is not known yet. */
const START_SETTLE_MS = 700;
/** The one seek of the start may come until then: old parts are fetched one after another, and the buffer grows with them. */
const START_SEEK_UNTIL_MS = 4_000;
/** The window whose trough decides about that seek: two parts. */
const START_WINDOW_SEC = 0.5;
/** Below this excess the rate does the work: a seek shows as a jump of the picture. */
const START_SKIP_MIN_SEC = 0.4;
/** Joining lasts at least and at most so long. */
const JOIN_MIN_MS = 3_000;
const JOIN_MAX_MS = 12_000;
/** The refill after a stall gives up after this time and plays what there is. */
const REFILL_MAX_MS = 2_000;
/** With fewer readings in the window (a hidden tab gets one a second) the trough is guesswork: never hurry on it. */
const HURRY_MIN_SAMPLES = 8;
const SPEED_UP_ABOVE_SEC = 0.05;
const SPEED_UP_UNTIL_SEC = 0.01;

/** See the head of this file. Pure: all readings are given to it. */
export class LatencyController {
  readonly #options: Required<LatencyOptions>;
  #samples: { readonly atMs: number; readonly bufferSec: number }[] = [];
  #startedMs: number | undefined;
  #joining = true;
  #skipped = false;
  #direction: 'up' | 'down' | 'none' = 'none';
  #stallExtraSec = 0;
  #calmSinceMs = 0;
  #lastMs: number | undefined;
  #refilling = false;
  #refillSinceMs: number | undefined;
  #windowStartMs = 0;
  #jitterFromMs = 0;
  #windowLeadSec = Number.POSITIVE_INFINITY;
  #leads: number[] = [];

  constructor(options: LatencyOptions = {}) {
    this.#options = {
      troughSec: options.troughSec ?? 0.3,
      windowSec: options.windowSec ?? 1.2,
      joinRate: options.joinRate ?? 1.25,
      maxRate: options.maxRate ?? 1.1,
      minRate: options.minRate ?? 0.95,
      stallStepSec: options.stallStepSec ?? 0.5,
      jumpLatencySec: options.jumpLatencySec ?? 8,
    };
  }

  /** The trough aimed at now, in seconds: the base, what jitter asks for, and what stalls added. */
  get targetTroughSec(): number {
    return this.#options.troughSec + this.jitterExtraSec + this.#stallExtraSec;
  }

  /** What the unsteadiness of arrivals adds to the trough, in seconds. */
  get jitterExtraSec(): number {
    if (this.#leads.length < JITTER_WINDOWS_MIN) {
      return 0;
    }
    const sorted = [...this.#leads].sort((a, b) => a - b);
    const dipSec = (sorted[Math.floor(sorted.length / 2)] ?? 0) - (sorted[0] ?? 0);
    return Math.min(MAX_JITTER_EXTRA_SEC, Math.max(0, dipSec - JITTER_NOISE_SEC));
  }

  /** The least buffer of the window, in seconds; undefined without a reading. */
  get troughSec(): number | undefined {
    return this.#samples.length === 0
      ? undefined
      : this.#samples.reduce((least, { bufferSec }) => Math.min(least, bufferSec), Number.POSITIVE_INFINITY);
  }

  /** Playback stopped for want of media. `ownNetwork` is false when the publisher was silent: a bigger buffer would not have helped. */
  noteStall(nowMs: number, ownNetwork: boolean): void {
    if (ownNetwork) {
      this.#stallExtraSec = Math.min(MAX_STALL_EXTRA_SEC, this.#stallExtraSec + this.#options.stallStepSec);
    }
    this.#calmSinceMs = nowMs;
    this.#refilling = true;
    this.#refillSinceMs = undefined;
    this.restart();
  }

  /** The playhead or the timeline moved: what was measured before says nothing about what follows. */
  restart(): void {
    this.#samples = [];
    this.settle(this.#lastMs ?? 0);
    this.#direction = 'none';
  }

  /** Another rendition is being fetched: for a while arrivals say nothing about the network. */
  settle(nowMs: number): void {
    this.#leads = [];
    this.#jitterFromMs = nowMs + JITTER_SETTLE_MS;
  }

  /** As {@link restart}, and joins anew: the faster rate and the one seek are allowed again. */
  rejoin(): void {
    this.restart();
    this.#startedMs = undefined;
    this.#refilling = false;
    this.#joining = true;
    this.#skipped = false;
  }

  /** Takes one reading and decides. Call it only while media is really playing. */
  update(reading: LatencyReading): LatencyDecision {
    const { nowMs, bufferSec } = reading;
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      this.settle(nowMs);
    }
    this.#decay(nowMs);
    this.#measureJitter(reading);
    this.#samples.push({ atMs: nowMs, bufferSec });
    const oldestMs = nowMs - this.#options.windowSec * 1000;
    while (this.#samples[0] !== undefined && this.#samples[0].atMs < oldestMs) {
      this.#samples.shift();
    }
    if (reading.latencySec !== undefined && reading.latencySec > this.#options.jumpLatencySec) {
      this.rejoin();
      return { rate: 1, skipSec: 0, jumpToEdge: true };
    }
    if (this.#refill(nowMs, bufferSec)) {
      return { rate: 0, skipSec: 0, jumpToEdge: false };
    }
    const elapsedMs = nowMs - this.#startedMs;
    const excessSec = (this.troughSec ?? bufferSec) - this.targetTroughSec;
    const startSec = this.#startExcess(nowMs, elapsedMs);
    if (startSec > START_SKIP_MIN_SEC) {
      this.#skipped = true;
      this.#samples = [];
      return { rate: 1, skipSec: startSec, jumpToEdge: false };
    }
    if (elapsedMs > JOIN_MAX_MS || (elapsedMs > JOIN_MIN_MS && excessSec <= SPEED_UP_ABOVE_SEC)) {
      this.#joining = false;
    }
    return { rate: this.#rate(excessSec, elapsedMs), skipSec: 0, jumpToEdge: false };
  }

  /** What the buffer holds too much while the start may still be put right by a seek; 0 at other times. */
  #startExcess(nowMs: number, elapsedMs: number): number {
    const sampled = this.#samples.length >= HURRY_MIN_SAMPLES;
    if (this.#skipped || !sampled || elapsedMs < START_SETTLE_MS || elapsedMs > START_SEEK_UNTIL_MS) {
      return 0;
    }
    const recent = this.#samples.filter(({ atMs }) => atMs >= nowMs - START_WINDOW_SEC * 1000);
    const troughSec = recent.reduce(
      (least, { bufferSec }) => Math.min(least, bufferSec),
      Number.POSITIVE_INFINITY,
    );
    return Number.isFinite(troughSec) ? troughSec - this.targetTroughSec : 0;
  }

  #rate(excessSec: number, elapsedMs: number): number {
    // Until the window has seen a few parts its minimum is too high: no hurry before that.
    if (elapsedMs < START_SETTLE_MS) {
      return 1;
    }
    const { joinRate, maxRate, minRate } = this.#options;
    const slowBelowSec = -Math.max(0.06, this.targetTroughSec / 4);
    const sampled = this.#samples.length >= HURRY_MIN_SAMPLES;
    if (excessSec > SPEED_UP_ABOVE_SEC) {
      this.#direction = sampled ? 'up' : 'none';
    } else if (excessSec < slowBelowSec) {
      this.#direction = 'down';
    } else if (
      (this.#direction === 'up' && excessSec <= SPEED_UP_UNTIL_SEC) ||
      (this.#direction === 'down' && excessSec >= slowBelowSec / 2)
    ) {
      this.#direction = 'none';
    }
    if (this.#direction === 'up') {
      const wanted = 1.02 + 0.6 * Math.max(0, excessSec);
      // Steps of 0.01: each change of rate costs the audio renderer work.
      return Math.min(this.#joining ? joinRate : maxRate, Math.round(wanted * 100) / 100);
    }
    return this.#direction === 'down' ? minRate : 1;
  }

  /** After a stall the buffer is filled to the base first: one longer stop is easier to watch than five short ones. The rate does the rest. */
  #refill(nowMs: number, bufferSec: number): boolean {
    if (!this.#refilling) {
      return false;
    }
    this.#refillSinceMs ??= nowMs;
    if (bufferSec >= this.#options.troughSec || nowMs - this.#refillSinceMs > REFILL_MAX_MS) {
      this.#refilling = false;
      this.#samples = [];
    }
    return this.#refilling;
  }

  #decay(nowMs: number): void {
    const sinceMs = nowMs - (this.#lastMs ?? nowMs);
    this.#lastMs = nowMs;
    if (this.#stallExtraSec > 0 && nowMs - this.#calmSinceMs > CALM_MS) {
      this.#stallExtraSec = Math.max(0, this.#stallExtraSec - (DECAY_PER_SEC * sinceMs) / 1000);
    }
  }

  /** The lead is media received minus time gone by; its low points would all be equal on a perfect network. Seeks and rates do not touch it. */
  #measureJitter({ nowMs, bufferEndSec }: LatencyReading): void {
    if (nowMs < this.#jitterFromMs) {
      this.#windowStartMs = nowMs;
      this.#windowLeadSec = Number.POSITIVE_INFINITY;
      return;
    }
    this.#windowLeadSec = Math.min(this.#windowLeadSec, bufferEndSec - nowMs / 1000);
    if (nowMs - this.#windowStartMs >= this.#options.windowSec * 1000) {
      this.#leads.push(this.#windowLeadSec);
      if (this.#leads.length > JITTER_WINDOWS) {
        this.#leads.shift();
      }
      this.#windowLeadSec = Number.POSITIVE_INFINITY;
      this.#windowStartMs = nowMs;
    }
  }
}
