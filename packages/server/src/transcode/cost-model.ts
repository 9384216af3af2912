import type { Rung } from './rung.ts';

/** Speed of the software encoder: slower presets look better for the same bits. Hardware has its own, near-free, line. */
export type EncoderPreset = 'veryfast' | 'superfast' | 'ultrafast' | 'hardware';

/** What one FFmpeg has to do: the source it decodes and the rungs it encodes. */
export interface Workload {
  readonly source: { readonly width: number; readonly height: number; readonly frameRate?: number };
  readonly rungs: readonly Rung[];
  readonly preset: EncoderPreset;
}

/** Cores per million pixels a second. */
export interface CostTable {
  readonly encode: { readonly [preset in EncoderPreset]: number };
  /** Decoding the source and scaling it, by the source's pixels. */
  readonly decodeAndScale: number;
}

/**
 * Measured on a two-core x86-64 with FFmpeg 5.1.9 and 20 s of 1080p30 at 4 Mbps: 720p + 480p + 360p took 0.97 core at veryfast, 0.70 at superfast;
 * with 1080p encoded as well 1.68, 1.18 and, at ultrafast, 0.94. Hardware is a guess for upload and driver.
 */
export const MEASURED_COSTS: CostTable = {
  encode: { veryfast: 0.0115, superfast: 0.0068, ultrafast: 0.0047, hardware: 0.0008 },
  decodeAndScale: 0.007,
};

const ASSUMED_FPS = 30;
/** One measurement moves the correction by this share; they come twice a second and jump about. */
const SMOOTHING = 0.05;
const MIN_CORRECTION = 0.25;
const MAX_CORRECTION = 4;

/** Predicts the cores that a ladder takes, and corrects itself by what running FFmpegs really took. */
export class CostModel {
  readonly #table: CostTable;
  #correction = 1;

  constructor(table: CostTable = MEASURED_COSTS) {
    this.#table = table;
  }

  /** Measured over predicted cost on this machine, 0.25…4; 1 until something was measured. */
  get correction(): number {
    return this.#correction;
  }

  /** Cores, as a fraction: 0.97 is nearly one. */
  predict(work: Workload): number {
    return this.#uncorrected(work) * this.#correction;
  }

  /** Learns from an FFmpeg that keeps up: one that does not would understate the cost. */
  learn(work: Workload, measuredCores: number): void {
    const predicted = this.#uncorrected(work);
    if (predicted <= 0 || !Number.isFinite(measuredCores) || measuredCores <= 0) return;
    const sample = Math.min(MAX_CORRECTION, Math.max(MIN_CORRECTION, measuredCores / predicted));
    this.#correction += (sample - this.#correction) * SMOOTHING;
  }

  #uncorrected(work: Workload): number {
    if (work.rungs.length === 0) return 0;
    const fps = work.source.frameRate ?? ASSUMED_FPS;
    let cores = megapixels(work.source, fps) * this.#table.decodeAndScale;
    for (const rung of work.rungs) {
      cores += megapixels(rung, fps / rung.everyNth) * this.#table.encode[work.preset];
    }
    return cores;
  }
}

function megapixels(size: { readonly width: number; readonly height: number }, fps: number): number {
  return (size.width * size.height * fps) / 1e6;
}
