import type { AccessUnit } from './access-unit.ts';

/** Bytes after which a GOP is no longer kept: 16 MiB, six seconds at the publisher limit of 20 Mbit/s. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The video access units since the last keyframe, so that a decoder can start at once. */
export class GopCache {
  #units: AccessUnit[] = [];
  #bytes = 0;

  /** Keeps a unit; a keyframe starts anew. */
  push(unit: AccessUnit): void {
    if (unit.keyframe) this.clear();
    else if (this.#units.length === 0) return;
    this.#bytes += unit.payload.byteLength;
    if (this.#bytes > MAX_BYTES) this.clear();
    else this.#units.push(unit);
  }

  /** The units since the last keyframe, which is first; empty when unknown or too large to keep. */
  units(): readonly AccessUnit[] {
    return this.#units;
  }

  /** Forgets the GOP: what follows does not continue it. */
  clear(): void {
    this.#units = [];
    this.#bytes = 0;
  }
}
