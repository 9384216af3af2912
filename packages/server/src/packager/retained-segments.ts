import { type Segment, segmentBytes } from './segment.ts';
import type { Spool } from './spool.ts';

interface Retained {
  readonly untilMs: number;
  /** Present until its bytes are on disk. */
  segment: Segment | undefined;
}

/** Segments of one rendition that left its playlist and can still be fetched for a while: on disk where there is a spool. */
export class RetainedSegments {
  readonly #spool: Spool | undefined;
  readonly #nameOf: (msn: number) => string;
  readonly #entries = new Map<number, Retained>();

  /** @param nameOf a name that no other segment on this server ever has. */
  constructor(spool: Spool | undefined, nameOf: (msn: number) => string) {
    this.#spool = spool;
    this.#nameOf = nameOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes still in memory. */
  get bytes(): number {
    return [...this.#entries.values()].reduce(
      (sum, entry) => sum + (entry.segment === undefined ? 0 : segmentBytes(entry.segment)),
      0,
    );
  }

  /** Keeps a segment until a monotonic time. */
  add(segment: Segment, untilMs: number): void {
    const entry: Retained = { segment, untilMs };
    this.#entries.set(segment.msn, entry);
    if (this.#spool !== undefined) void this.#moveToDisk(this.#spool, entry, segment);
  }

  /** Bytes of a kept segment's part, or of all its parts. */
  media(msn: number, part?: number): readonly Uint8Array[] | undefined {
    const entry = this.#entries.get(msn);
    if (entry === undefined) return undefined;
    if (entry.segment === undefined) {
      const bytes = this.#spool?.get(this.#nameOf(msn), part);
      return bytes === undefined || bytes.byteLength === 0 ? undefined : [bytes];
    }
    const parts = part === undefined ? entry.segment.parts : entry.segment.parts.slice(part, part + 1);
    const bytes = parts.filter((candidate) => !candidate.gap).map((candidate) => candidate.bytes);
    return bytes.length === 0 ? undefined : bytes;
  }

  /** Lets go of everything. */
  clear(): void {
    this.expire(Number.POSITIVE_INFINITY);
  }

  /** Lets go of what is kept no longer than `nowMs`. */
  expire(nowMs: number): void {
    for (const [msn, entry] of this.#entries) {
      if (entry.untilMs > nowMs) continue;
      this.#entries.delete(msn);
      if (entry.segment === undefined) this.#spool?.remove(this.#nameOf(msn));
    }
  }

  async #moveToDisk(spool: Spool, entry: Retained, segment: Segment): Promise<void> {
    const name = this.#nameOf(segment.msn);
    const written = await spool.put(
      name,
      segment.parts.map((part) => part.bytes),
    );
    if (written) entry.segment = undefined;
    if (!this.#entries.has(segment.msn)) spool.remove(name);
  }
}
