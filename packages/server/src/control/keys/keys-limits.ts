/** Bounds of stream keys. */
export interface KeysLimits {
  /** How long a key that was found good is still let in while the database is away, in milliseconds. Default 3,600,000. */
  readonly rememberMs: number;
  /** Keys remembered for that at once. Default 10,000. */
  readonly maxRemembered: number;
}

/** The defaults of {@link KeysLimits}. */
export const DEFAULT_KEYS_LIMITS: KeysLimits = { rememberMs: 3_600_000, maxRemembered: 10_000 };
