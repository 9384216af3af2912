import type { Finding } from './finding.ts';

/** After so many, further findings of one rule about one playlist are only counted. */
const KEPT_PER_RULE = 10;

/** Bounds the memory of a long watch; beyond it repetitions are counted as new. */
const MAX_REMEMBERED = 10_000;

/** Findings of many versions of many playlists, without repetitions. */
export class FindingLog {
  readonly #findings: Finding[] = [];
  readonly #seen = new Set<string>();
  readonly #perRule = new Map<string, number>();
  #left = 0;

  /** What was kept, in the order of discovery. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** How many were left out because their rule had enough. Repetitions do not count. */
  get leftOut(): number {
    return this.#left;
  }

  /** Takes findings; those without a playlist are about `url`. */
  add(findings: readonly Finding[], url: string): void {
    for (const finding of findings) this.#addOne({ playlist: url, ...finding });
  }

  #addOne(finding: Finding): void {
    const key = `${finding.rule} ${finding.level} ${finding.playlist}`;
    const whole = `${key} ${finding.words}`;
    const count = this.#perRule.get(key) ?? 0;
    if (this.#seen.has(whole)) return;
    if (this.#seen.size < MAX_REMEMBERED) this.#seen.add(whole);
    if (count >= KEPT_PER_RULE) {
      this.#left++;
      return;
    }
    this.#perRule.set(key, count + 1);
    this.#findings.push(finding);
  }
}
