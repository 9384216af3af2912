import { CostModel, type EncoderPreset, type Workload } from './cost-model.ts';
import type { Rung } from './rung.ts';

/** Bounds of the machine's transcoding. */
export interface BudgetOptions {
  /** Cores of this machine that we may use. */
  readonly cores: number;
  /** Share of them that all FFmpegs together may take; the rest serves viewers. Default 0.85. */
  readonly maxShare?: number;
  /** Presets to try with the whole ladder before a rung is shed, best first. Default veryfast, superfast. */
  readonly presets?: readonly EncoderPreset[];
  readonly model?: CostModel;
}

/** What a stream would like to have encoded. */
export interface AdmissionRequest {
  readonly streamId: string;
  readonly source: Workload['source'];
  /** Wished rungs, largest first. */
  readonly rungs: readonly Rung[];
  /** Rungs that are kept even beyond the budget, counted from the smallest: 1 when the source itself cannot be served. Default 0. */
  readonly minimumRungs?: number;
  /** True when a hardware encoder works. Default false. */
  readonly hardware?: boolean;
  /** Presets allowed, when the machine has just proved too slow for a better one. Default: those of the budget. */
  readonly presets?: readonly EncoderPreset[];
}

/** What a stream may have encoded. */
export interface TranscodePlan {
  readonly rungs: readonly Rung[];
  readonly preset: EncoderPreset;
  /** Expected cost, in cores. */
  readonly cores: number;
  readonly shed: readonly Rung[];
  /** Why it is not all that was wished, in words for the log and the studio; absent when it is. */
  readonly reason?: string;
}

interface Admitted {
  readonly work: Workload;
  cores: number;
}

/**
 * Decides which rungs the machine can afford. Streams that were admitted keep their plans; a new one gets what is left. The largest
 * rung is shed first: it costs most, and the source above it remains for fast viewers while the small rungs save the slow ones.
 */
export class TranscodeBudget {
  readonly #limitCores: number;
  readonly #cores: number;
  readonly #presets: readonly EncoderPreset[];
  readonly #model: CostModel;
  readonly #admitted = new Map<string, Admitted>();

  constructor(options: BudgetOptions) {
    if (!(options.cores > 0)) throw new RangeError(`cores must be positive, got ${options.cores}`);
    this.#cores = options.cores;
    this.#limitCores = options.cores * (options.maxShare ?? 0.85);
    this.#presets = options.presets ?? ['veryfast', 'superfast'];
    this.#model = options.model ?? new CostModel();
  }

  /** Cores that the admitted FFmpegs take, measured where they have been. */
  get usedCores(): number {
    let cores = 0;
    for (const admitted of this.#admitted.values()) cores += admitted.cores;
    return cores;
  }

  /** Makes a plan for a stream and reserves its cost; a second call for the same stream replaces the first. */
  admit(request: AdmissionRequest): TranscodePlan {
    this.release(request.streamId);
    const free = Math.max(0, this.#limitCores - this.usedCores);
    const presets = request.hardware === true ? (['hardware'] as const) : (request.presets ?? this.#presets);
    const plan = this.#choose(request, presets, free);
    const work: Workload = { source: request.source, rungs: plan.rungs, preset: plan.preset };
    this.#admitted.set(request.streamId, { work, cores: plan.cores });
    return plan;
  }

  /** Reports what a stream's FFmpeg really takes, and whether it keeps up. */
  measured(streamId: string, cores: number, keepsUp: boolean): void {
    const admitted = this.#admitted.get(streamId);
    if (admitted === undefined) return;
    if (keepsUp) this.#model.learn(admitted.work, cores);
    admitted.cores = Math.max(cores, this.#model.predict(admitted.work));
  }

  /** The stream has ended or is no longer transcoded. */
  release(streamId: string): void {
    this.#admitted.delete(streamId);
  }

  /** For the admin page and tests: who takes what. */
  dump(): {
    readonly limitCores: number;
    readonly correction: number;
    readonly streams: { readonly [streamId: string]: number };
  } {
    const streams = Object.fromEntries([...this.#admitted].map(([id, admitted]) => [id, admitted.cores]));
    return { limitCores: this.#limitCores, correction: this.#model.correction, streams };
  }

  #choose(request: AdmissionRequest, presets: readonly EncoderPreset[], free: number): TranscodePlan {
    const { source, rungs } = request;
    const first = presets[0] ?? 'veryfast';
    const last = presets.at(-1) ?? first;
    const cost = (kept: readonly Rung[], preset: EncoderPreset): number =>
      this.#model.predict({ source, rungs: kept, preset });
    for (const preset of presets) {
      const cores = cost(rungs, preset);
      if (cores > free) continue;
      const reason =
        preset === first ? undefined : `${this.#shortage(cost(rungs, first), free)}: encoding at ${preset}`;
      return { rungs, preset, cores, shed: [], ...(reason === undefined ? {} : { reason }) };
    }
    const minimum = Math.min(request.minimumRungs ?? 0, rungs.length);
    let kept = rungs;
    while (kept.length > minimum && cost(kept, last) > free) kept = kept.slice(1);
    const shed = rungs.slice(0, rungs.length - kept.length);
    // What was shed may leave room for the better preset.
    const preset = presets.find((candidate) => cost(kept, candidate) <= free) ?? last;
    const names = shed.map((rung) => rung.id).join(', ');
    const left =
      kept.length === 0
        ? 'the source goes on alone'
        : `${kept.map((rung) => rung.id).join(', ')} at ${preset}`;
    const action = shed.length === 0 ? `keeping ${left} beyond the budget` : `shed ${names}; ${left}`;
    return {
      rungs: kept,
      preset,
      cores: cost(kept, preset),
      shed,
      reason: `${this.#shortage(cost(rungs, first), free)}: ${action}`,
    };
  }

  #shortage(needed: number, free: number): string {
    return `the ladder needs ${needed.toFixed(2)} cores, ${free.toFixed(2)} of ${this.#cores} are free`;
  }
}
