import type { AccessUnit } from '../stream/access-unit.ts';

/** Bounds of a `GopCache`. */
export interface GopCacheLimits {
  /** Bytes of payload; a GOP that exceeds them is given up. Default 32 MiB. */
  readonly maxBytes: number;
  /** Pictures. Default 3000. */
  readonly maxUnits: number;
}

interface Gop {
  readonly units: AccessUnit[];
  bytes: number;
}

/**
 * The source's last two GOPs, so that a new FFmpeg can start in the past and leave no hole. It holds references: the payloads are those
 * that the stream's readers hold anyway.
 */
export class GopCache {
  readonly #limits: GopCacheLimits;
  #gops: Gop[] = [];

  constructor(limits: Partial<GopCacheLimits> = {}) {
    this.#limits = { maxBytes: limits.maxBytes ?? 32 * 1024 * 1024, maxUnits: limits.maxUnits ?? 3000 };
  }

  /** Adds the newest unit; units before the first keyframe are left out. */
  push(unit: AccessUnit): void {
    if (unit.keyframe) {
      this.#gops.push({ units: [], bytes: 0 });
      if (this.#gops.length > 2) this.#gops.shift();
    }
    const gop = this.#gops.at(-1);
    if (gop === undefined) return;
    gop.units.push(unit);
    gop.bytes += unit.payload.length;
    while (this.#gops.length > 0 && this.#exceeds()) this.#gops.shift();
  }

  /** Forgets everything: a new track cannot be decoded from the old one's keyframe. */
  clear(): void {
    this.#gops = [];
  }

  /** The units from the last keyframe whose PTS is not above `pts`, or else from the oldest one. Empty before any keyframe. */
  since(pts: number): readonly AccessUnit[] {
    const start = this.#gops.findLastIndex((gop) => (gop.units[0]?.pts ?? 0) <= pts);
    return this.#gops.slice(Math.max(0, start)).flatMap((gop) => gop.units);
  }

  /** The units from the last keyframe on. */
  latest(): readonly AccessUnit[] {
    return this.#gops.at(-1)?.units.slice() ?? [];
  }

  #exceeds(): boolean {
    let bytes = 0;
    let units = 0;
    for (const gop of this.#gops) {
      bytes += gop.bytes;
      units += gop.units.length;
    }
    return bytes > this.#limits.maxBytes || units > this.#limits.maxUnits;
  }
}
