/** A viewer that asked for no playlist for so long, in milliseconds, has left: players ask at least once a target duration. */
const WINDOW_MS = 10_000;
/** Viewers remembered in all; beyond it new ones are not counted until others have left, so that nobody can fill the memory. */
const MAX_VIEWERS = 100_000;
/** The User-Agent tells viewers behind one address apart; so much of it is enough. */
const MAX_AGENT_LENGTH = 160;

/** The viewers behind one address: nearly always one, whose User-Agent is compared, not hashed. */
interface Household {
  readonly agent: string;
  seenMs: number;
  others: Map<string, number> | undefined;
}

/**
 * Counts who watches each stream by LL-HLS: distinct pairs of address and User-Agent with a playlist request in the last 10 s.
 * Behind a cache that answers for us, it counts what comes through.
 */
export class ViewerCount {
  readonly #streams = new Map<string, Map<string, Household>>();
  readonly #maxViewers: number;
  #remembered = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;

  /** @param maxViewers bounds what is remembered; for tests. */
  constructor(maxViewers = MAX_VIEWERS) {
    this.#maxViewers = maxViewers;
  }

  /** A viewer asked for a playlist. Cheap: it stands on the hot path of every reload. */
  saw(streamId: string, address: string, userAgent: string | undefined, nowMs: number): void {
    if (nowMs - this.#sweptMs >= WINDOW_MS) this.#sweep(nowMs);
    const households = this.#streams.get(streamId) ?? this.#open(streamId);
    const agent = userAgent === undefined ? '' : userAgent;
    const household = households.get(address);
    if (household?.agent === agent) household.seenMs = nowMs;
    else this.#sawAnother(households, household, address, agent.slice(0, MAX_AGENT_LENGTH), nowMs);
  }

  /** Viewers of a stream now. */
  count(streamId: string, nowMs: number): number {
    let count = 0;
    for (const { seenMs, others } of this.#streams.get(streamId)?.values() ?? []) {
      if (nowMs - seenMs < WINDOW_MS) count++;
      for (const otherMs of others?.values() ?? []) if (nowMs - otherMs < WINDOW_MS) count++;
    }
    return count;
  }

  #open(streamId: string): Map<string, Household> {
    const households = new Map<string, Household>();
    this.#streams.set(streamId, households);
    return households;
  }

  #sawAnother(
    households: Map<string, Household>,
    household: Household | undefined,
    address: string,
    agent: string,
    nowMs: number,
  ): void {
    if (household?.agent === agent) {
      household.seenMs = nowMs;
      return;
    }
    if (household?.others?.has(agent) === true) {
      household.others.set(agent, nowMs);
      return;
    }
    if (this.#remembered >= this.#maxViewers) return;
    this.#remembered++;
    if (household === undefined) households.set(address, { agent, seenMs: nowMs, others: undefined });
    else {
      household.others ??= new Map();
      household.others.set(agent, nowMs);
    }
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const [streamId, households] of this.#streams) {
      for (const [address, household] of households) {
        const { others } = household;
        for (const [agent, seenMs] of others ?? []) {
          if (nowMs - seenMs < WINDOW_MS) continue;
          others?.delete(agent);
          this.#remembered--;
        }
        // The first of a household is kept while others of it are there: it costs no more than it did.
        if (nowMs - household.seenMs < WINDOW_MS || (others?.size ?? 0) > 0) continue;
        households.delete(address);
        this.#remembered--;
      }
      if (households.size === 0) this.#streams.delete(streamId);
    }
  }
}
