/** A value that can be read as a frozen snapshot and watched; the read side of the player. */
export interface ReadableStore<State> {
  /** The current snapshot. The same object until something changes, so it can be compared by identity. */
  get(): Readonly<State>;
  /** Calls `listener` after each change, with the new snapshot. Returns the function that ends the subscription. */
  subscribe(listener: (state: Readonly<State>) => void): () => void;
}

/** The write side of a {@link ReadableStore}. Only the owner of the state holds it. */
export class Store<State extends object> implements ReadableStore<State> {
  #state: Readonly<State>;
  readonly #listeners = new Set<(state: Readonly<State>) => void>();

  constructor(initial: State) {
    this.#state = Object.freeze({ ...initial });
  }

  /** The current snapshot. */
  get(): Readonly<State> {
    return this.#state;
  }

  /** See {@link ReadableStore.subscribe}. */
  subscribe(listener: (state: Readonly<State>) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Replaces the named fields. Listeners hear of it only when a field really changed. */
  commit(change: Partial<State>): void {
    const next = { ...this.#state, ...change };
    const keys = Object.keys(change) as (keyof State)[];
    if (keys.every((key) => Object.is(next[key], this.#state[key]))) {
      return;
    }
    this.#state = Object.freeze(next);
    for (const listener of [...this.#listeners]) {
      listener(this.#state);
    }
  }

  /** Forgets all listeners. The last snapshot stays readable. */
  close(): void {
    this.#listeners.clear();
  }
}
