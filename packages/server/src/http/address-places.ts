/** Counts what each client address has of something, and refuses more than its share. Holds no more entries than places taken. */
export class AddressPlaces {
  readonly #maxPerAddress: number;
  readonly #taken = new Map<string, number>();

  constructor(maxPerAddress: number) {
    this.#maxPerAddress = maxPerAddress;
  }

  /** Takes a place; returns how to give it back, which is idempotent. Undefined: the address has all of its own. */
  take(address: string): (() => void) | undefined {
    const taken = this.#taken.get(address) ?? 0;
    if (taken >= this.#maxPerAddress) return undefined;
    this.#taken.set(address, taken + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#taken.get(address) ?? 1) - 1;
      if (left > 0) this.#taken.set(address, left);
      else this.#taken.delete(address);
    };
  }
}
