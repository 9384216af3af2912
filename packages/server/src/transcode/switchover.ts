import type { AccessUnit } from '../stream/access-unit.ts';
import type { Generation, HeldUnit } from './generation.ts';

/**
 * The hand-over from one running FFmpeg to the next, at one PTS for all rungs. Both are fed; what either delivers from that PTS on is
 * held until the new one has shown that it works (then the old one's is thrown away) or that it does not (then the new one's is).
 * So in every rung each picture is delivered once, whichever way it goes.
 */
export class Switchover {
  readonly from: Generation | undefined;
  readonly to: Generation;
  /** The old one cannot decode what the new one gets. */
  readonly newSource: boolean;
  readonly #startedMs: number;
  readonly #heldOld: HeldUnit[] = [];
  readonly #heldNew: HeldUnit[] = [];
  /** Rungs of the old one that have delivered everything before the switch. */
  readonly #reached = new Set<string>();
  #atPts: number | undefined;
  #oldEnded = false;
  #oldGone: boolean;

  /** `atPts` is known beforehand for forced keyframes; with the source's it is told by `begin`. */
  constructor(options: {
    from: Generation | undefined;
    to: Generation;
    nowMs: number;
    newSource: boolean;
    atPts?: number;
  }) {
    this.from = options.from;
    this.to = options.to;
    this.#startedMs = options.nowMs;
    this.#atPts = options.atPts;
    this.#oldGone = options.from === undefined;
    this.newSource = options.newSource;
    if (options.newSource) this.endOld();
  }

  /** The PTS of the switch in source milliseconds, once it is known. */
  get atPts(): number | undefined {
    return this.#atPts;
  }

  /** True once the old one gets no more pictures; there is no way back then. */
  get oldEnded(): boolean {
    return this.#oldEnded;
  }

  /** Milliseconds since it was prepared. */
  ageMs(nowMs: number): number {
    return nowMs - this.#startedMs;
  }

  /** The switch happens at this PTS, of the first keyframe that the new one gets. */
  begin(pts: number): void {
    this.#atPts ??= pts;
  }

  /** Gives the old one no more pictures; it delivers what it has. */
  endOld(): void {
    if (this.#oldEnded) return;
    this.#oldEnded = true;
    this.from?.session.end();
  }

  /** The old one has exited. */
  oldGone(): void {
    this.#oldGone = true;
  }

  /** A unit of the old one: true when it is held, false when it belongs to the time before and shall be passed on. */
  takeOld(rungId: string, unit: AccessUnit): boolean {
    if (this.#atPts === undefined || unit.pts < this.#atPts) return false;
    this.#reached.add(rungId);
    this.#heldOld.push({ rungId, unit });
    return true;
  }

  /** A unit of the new one. */
  takeNew(rungId: string, unit: AccessUnit): void {
    if (this.#atPts !== undefined && unit.pts >= this.#atPts) this.#heldNew.push({ rungId, unit });
  }

  /** True when the new one has delivered a picture of every rung. */
  get newWorks(): boolean {
    return this.to.task.rungs.every((rung) => this.to.delivered.has(rung.id));
  }

  /** True when the new one works and the old one has nothing left to say. */
  get decided(): boolean {
    return this.newWorks && (this.#oldGone || this.#oldDone);
  }

  /** What the new one has delivered: to be passed on when it takes over. */
  get heldNew(): readonly HeldUnit[] {
    return this.#heldNew;
  }

  /** What the old one has delivered since the switch: to be passed on when the new one failed. */
  get heldOld(): readonly HeldUnit[] {
    return this.#heldOld;
  }

  get #oldDone(): boolean {
    return this.from !== undefined && this.from.task.rungs.every((rung) => this.#reached.has(rung.id));
  }
}
