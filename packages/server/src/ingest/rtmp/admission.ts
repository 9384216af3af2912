/** A connection as `Admission` sees it. */
export interface Admitted {
  readonly limitKey: string;
  /** Milliseconds since accept while the handshake is not done; undefined afterwards. */
  handshakeAgeMs(): number | undefined;
  destroy(): void;
}

/** Bounds of `Admission`. */
export interface AdmissionLimits {
  readonly maxPreAuthConnections: number;
  readonly maxPreAuthConnectionsPerIp: number;
  readonly staleHandshakeMs: number;
}

/**
 * Counts the connections that have no accepted key, in all and per address. At a cap the oldest one whose handshake is stale
 * gives way, so that connections which only hang cannot keep an encoder out.
 */
export class Admission<T extends Admitted> {
  readonly #limits: AdmissionLimits;
  readonly #all = new Set<T>();
  readonly #byKey = new Map<string, Set<T>>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Connections counted now. */
  get size(): number {
    return this.#all.size;
  }

  /** True when one more connection from this address may be accepted; a stale one may have been closed for it. */
  makeRoom(key: string): boolean {
    const sameKey = this.#byKey.get(key);
    if (sameKey !== undefined && sameKey.size >= this.#limits.maxPreAuthConnectionsPerIp)
      return this.#evictStale(sameKey);
    return this.#all.size < this.#limits.maxPreAuthConnections || this.#evictStale(this.#all);
  }

  add(connection: T): void {
    this.#all.add(connection);
    const sameKey = this.#byKey.get(connection.limitKey) ?? new Set<T>();
    this.#byKey.set(connection.limitKey, sameKey.add(connection));
  }

  /** Idempotent: both authorisation and close end a connection's counting. */
  delete(connection: T): void {
    if (!this.#all.delete(connection)) return;
    const sameKey = this.#byKey.get(connection.limitKey);
    sameKey?.delete(connection);
    if (sameKey?.size === 0) this.#byKey.delete(connection.limitKey);
  }

  #evictStale(connections: Set<T>): boolean {
    // Sets keep the order of insertion: the first stale one is the oldest.
    for (const connection of connections) {
      if ((connection.handshakeAgeMs() ?? 0) < this.#limits.staleHandshakeMs) continue;
      connection.destroy();
      // At once: its socket's close event comes only later.
      this.delete(connection);
      return true;
    }
    return false;
  }
}
