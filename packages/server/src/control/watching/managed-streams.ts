import { DEFAULT_WATCHING_LIMITS } from './watching-limits.ts';

/** What the database says of a stream, as far as publishing and watching ask. */
export interface StreamFacts {
  readonly id: string;
  readonly channelId: string;
  readonly broadcasterId: string;
  /** `private` also where the channel is. */
  readonly visibility: 'public' | 'unlisted' | 'private';
  /** `waiting`: not live yet; `over`: has ended; `gone`: cancelled or deleted. */
  readonly phase: 'waiting' | 'live' | 'over' | 'gone';
  /** How long a lost publisher is waited for, in milliseconds; undefined: as the server's setting says. */
  readonly reconnectWindowMs: number | undefined;
  /** When the row last changed, Unix milliseconds: older facts never overwrite newer ones. */
  readonly changedAtMs: number;
}

/** A stream of the control plane whose media is, was or soon will be here. */
export interface ManagedStream extends StreamFacts {
  /** A publisher is connected. */
  readonly isPublishing: boolean;
  /** Id of the key that publishes, or published last. */
  readonly keyId: string | undefined;
}

/** What a change may set. */
type Change = Partial<Omit<ManagedStream, 'id'>>;

/**
 * The streams of the control plane that have media, in memory: what every request for media asks, and no such request asks the database.
 * Whoever lets a publisher in enters its stream first, so that a stream with media is never unknown here.
 */
export class ManagedStreams {
  readonly #keepEndedMs: number;
  #outdated = 0;
  readonly #streams = new Map<string, ManagedStream>();
  readonly #forget = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<(now: ManagedStream, before: ManagedStream | undefined) => void>();

  constructor(options: { readonly keepEndedMs?: number } = {}) {
    this.#keepEndedMs = options.keepEndedMs ?? DEFAULT_WATCHING_LIMITS.keepEndedMs;
  }

  /** Undefined for a stream that is not of the control plane, or has no media here. */
  get(streamId: string): ManagedStream | undefined {
    return this.#streams.get(streamId);
  }

  /** Every one of them. */
  all(): readonly ManagedStream[] {
    return [...this.#streams.values()];
  }

  /** How often {@link outdate} was called: what was read before the last time may say what is so no more. */
  get outdated(): number {
    return this.#outdated;
  }

  /** Something that decides about streams, and is not of their rows, changed: a channel became private. */
  outdate(): void {
    this.#outdated++;
  }

  /** Enters a stream, or what the database says of it now. */
  admit(facts: StreamFacts): void {
    const before = this.#streams.get(facts.id);
    if (before !== undefined && before.changedAtMs > facts.changedAtMs) return;
    this.#set({ ...facts, isPublishing: before?.isPublishing ?? false, keyId: before?.keyId }, before);
  }

  /** Changes a stream that is here; nothing for any other. */
  change(streamId: string, change: Change): void {
    const before = this.#streams.get(streamId);
    if (before !== undefined) this.#set({ ...before, ...change }, before);
  }

  /** Calls back after each change; returns the way to stop that. */
  onChange(listener: (now: ManagedStream, before: ManagedStream | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Lets go of timers. Idempotent. */
  close(): void {
    for (const timer of this.#forget.values()) clearTimeout(timer);
    this.#forget.clear();
  }

  #set(now: ManagedStream, before: ManagedStream | undefined): void {
    this.#streams.set(now.id, now);
    this.#planToForget(now);
    for (const listener of this.#listeners) listener(now, before);
  }

  /** Without media nobody asks: the rules of what has ended are kept while its last playlist may be up. */
  #planToForget(now: ManagedStream): void {
    const planned = this.#forget.get(now.id);
    const isDone = !now.isPublishing && now.phase !== 'live';
    if (isDone === (planned !== undefined)) return;
    clearTimeout(planned);
    this.#forget.delete(now.id);
    if (!isDone) return;
    const timer = setTimeout(() => {
      this.#forget.delete(now.id);
      this.#streams.delete(now.id);
    }, this.#keepEndedMs);
    timer.unref();
    this.#forget.set(now.id, timer);
  }
}
