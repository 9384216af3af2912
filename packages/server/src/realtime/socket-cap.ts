import type { RealtimeLimits } from './realtime-limits.ts';

/** Counts sockets in all and per address. */
export class SocketCap {
  readonly #limits: Pick<RealtimeLimits, 'sockets' | 'socketsPerAddress' | 'exemptLoopback'>;
  readonly #byAddress = new Map<string, number>();
  #size = 0;

  constructor(limits: Pick<RealtimeLimits, 'sockets' | 'socketsPerAddress' | 'exemptLoopback'>) {
    this.#limits = limits;
  }

  /** Sockets that are counted now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Counts one more; the function that comes back uncounts it, once. A status comes back instead when it is one too many: 503 for all, 429
   * for the address.
   * @param isForwarded it came through a proxy, so that even from this machine it is somebody else's. Default false.
   */
  admit(address: string, isForwarded = false): (() => void) | 429 | 503 {
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#size >= this.#limits.sockets) return 503;
    const isExempt = this.#limits.exemptLoopback && !isForwarded && isLoopbackAddress(address);
    if (!isExempt && ofAddress >= this.#limits.socketsPerAddress) return 429;
    this.#size++;
    this.#byAddress.set(address, ofAddress + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.#size--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    };
  }
}

/** 127.0.0.0/8, and the /64 that ::1 is counted as. */
function isLoopbackAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '0:0:0:0::/64';
}
