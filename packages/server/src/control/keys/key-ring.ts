import { hkdfSync } from 'node:crypto';
import { KeySealer, type SealedKey } from '../../keys/key-sealer.ts';

/** A secret in the database: which master key sealed it, and the sealed text. */
export interface RingSealed extends SealedKey {
  /** Name of the master key. */
  readonly kid: string;
}

/** A master key by name. */
export interface MasterKey {
  /** Short and never used again for another key, such as `k1`. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly bytes: Uint8Array;
}

/** The master keys that are or were in use: the first one seals, all of them open, so that it can be changed without losing anything. */
export class KeyRing {
  readonly #current: MasterKey;
  readonly #sealers = new Map<string, KeySealer>();

  /** Throws RangeError for no key, one of another length, or a name that is there twice. */
  constructor(keys: readonly [MasterKey, ...MasterKey[]]) {
    [this.#current] = keys;
    for (const { kid, bytes } of keys) {
      if (this.#sealers.has(kid)) throw new RangeError(`the key ring has two master keys named ${kid}`);
      this.#sealers.set(kid, new KeySealer(bytes));
    }
  }

  /** Name of the key that seals now. */
  get kid(): string {
    return this.#current.kid;
  }

  /** The name under which a secret is found when it was sealed now. */
  lookup(secret: string): string {
    return this.#sealer(this.#current.kid).lookupName(secret);
  }

  /** The names under which it may be found, by each key. */
  lookups(secret: string): readonly string[] {
    return [...this.#sealers.values()].map((sealer) => sealer.lookupName(secret));
  }

  /** Seals with the current key; `context` must be the same when it is opened. */
  seal(secret: string, context: string): RingSealed {
    return { kid: this.#current.kid, ...this.#sealer(this.#current.kid).seal(secret, context) };
  }

  /** Throws when its master key is no longer here, or it was tampered with. */
  open(sealed: RingSealed, context: string): string {
    return this.#sealer(sealed.kid).open(sealed, context);
  }

  /** A secret of 32 bytes for another purpose, from the current key. */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(
      hkdfSync('sha256', this.#current.bytes, new Uint8Array(0), `tallylight ${purpose}`, 32),
    );
  }

  #sealer(kid: string): KeySealer {
    const sealer = this.#sealers.get(kid);
    if (sealer === undefined) throw new RangeError(`there is no master key ${kid}`);
    return sealer;
  }
}
