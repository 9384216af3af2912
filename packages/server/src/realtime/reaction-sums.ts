import type { ReactionBurst, StreamReaction } from '@tallylight/protocol/entities/talk.ts';

/** What sums of reactions need. */
export interface ReactionSumsOptions {
  readonly streamId: string;
  readonly intervalMs: number;
  /** See `RealtimeLimits.singleReactions`. */
  readonly singles: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly tellSingle: (reaction: StreamReaction) => void;
  readonly tellBursts: (bursts: readonly ReactionBurst[]) => void;
}

/** Different emoji in one broadcast; the commonest ones. */
const MAX_EMOJI = 32;
/** Different emoji that are counted in one interval; more are somebody playing. */
const MAX_COUNTED = 500;

/**
 * Tells the first reactions of an interval singly and the others as sums per emoji at its end. While sums were told in the last interval
 * there are no single ones: a flood makes one broadcast per interval.
 */
export class ReactionSums {
  readonly #options: ReactionSumsOptions;
  #counts = new Map<string, number>();
  #singles = 0;
  #startMs = 0;
  #wasFlooded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ReactionSumsOptions) {
    this.#options = options;
  }

  /** Takes one. */
  add(reaction: StreamReaction): void {
    if (this.#timer === undefined) {
      this.#startMs = this.#options.now();
      this.#timer = setTimeout(() => this.#end(), this.#options.intervalMs);
    }
    if (!this.#wasFlooded && this.#singles < this.#options.singles) {
      this.#singles++;
      this.#options.tellSingle(reaction);
      return;
    }
    const count = this.#counts.get(reaction.emoji);
    if (count !== undefined || this.#counts.size < MAX_COUNTED)
      this.#counts.set(reaction.emoji, (count ?? 0) + 1);
  }

  /** Tells no more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#timer = undefined;
    const { streamId, now, tellBursts, intervalMs } = this.#options;
    const startTime = new Date(this.#startMs).toISOString();
    const endTime = new Date(now()).toISOString();
    const bursts = [...this.#counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_EMOJI)
      .map(([emoji, count]) => ({ streamId, emoji, count, startTime, endTime }));
    this.#counts = new Map();
    this.#singles = 0;
    this.#wasFlooded = bursts.length > 0;
    if (!this.#wasFlooded) return;
    tellBursts(bursts);
    // The interval that follows a flood ends by itself, so that calm is noticed.
    this.#startMs = now();
    this.#timer = setTimeout(() => this.#end(), intervalMs);
  }
}
