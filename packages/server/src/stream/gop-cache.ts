import type { AccessUnit } from './access-unit.ts';

/** Bounds of a `GopCache`. */
export interface GopCacheLimits {
  /** GOPs that are kept, the one that is not complete yet among them. Default 1. */
  readonly gops: number;
  /** Bytes of payload; older GOPs are forgotten for them, and one that exceeds them alone is too. Default 16 MiB: six seconds at the publisher limit of 20 Mbit/s. */
  readonly maxBytes: number;
  /** Pictures, in the same way. Default: any number. */
  readonly maxUnits: number;
}

interface Gop {
  readonly units: AccessUnit[];
  bytes: number;
}

/**
 * The video access units since the last keyframe, so that a decoder can start at once, or since one before it, so that it can start in the
 * past. It holds references: the payloads are those that the stream's readers hold anyway.
 */
export class GopCache {
  readonly #limits: GopCacheLimits;
  #gops: Gop[] = [];

  constructor({
    gops = 1,
    maxBytes = 16 * 1024 * 1024,
    maxUnits = Number.POSITIVE_INFINITY,
  }: Partial<GopCacheLimits> = {}) {
    this.#limits = { gops, maxBytes, maxUnits };
  }

  /** Keeps the newest unit; those before the first keyframe are left out, and those of a GOP that was too large to keep. */
  push(unit: AccessUnit): void {
    if (unit.keyframe) {
      this.#gops.push({ units: [], bytes: 0 });
      if (this.#gops.length > this.#limits.gops) this.#gops.shift();
    }
    const gop = this.#gops.at(-1);
    if (gop === undefined) return;
    gop.units.push(unit);
    gop.bytes += unit.payload.byteLength;
    while (this.#gops.length > 0 && this.#exceeds()) this.#gops.shift();
  }

  /** The units since the last keyframe, which is first; empty when unknown or too large to keep. */
  units(): readonly AccessUnit[] {
    return this.#gops.at(-1)?.units.slice() ?? [];
  }

  /** The units from the last keyframe whose PTS is not above `pts`, or else from the oldest one. Empty before any keyframe. */
  since(pts: number): readonly AccessUnit[] {
    const start = this.#gops.findLastIndex((gop) => (gop.units[0]?.pts ?? 0) <= pts);
    return this.#gops.slice(Math.max(0, start)).flatMap((gop) => gop.units);
  }

  /** Forgets everything: what follows does not continue it. */
  clear(): void {
    this.#gops = [];
  }

  #exceeds(): boolean {
    let [bytes, units] = [0, 0];
    for (const gop of this.#gops) {
      bytes += gop.bytes;
      units += gop.units.length;
    }
    return bytes > this.#limits.maxBytes || units > this.#limits.maxUnits;
  }
}
