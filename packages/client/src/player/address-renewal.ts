import type { PlayerAddresses } from './player-options.ts';

/** What an {@link AddressRenewal} is made from. */
export interface AddressRenewalOptions {
  /** Whom to give the new addresses. */
  readonly player: { renew(addresses: PlayerAddresses): void };
  /** The playlist that plays now, with its token. */
  readonly url: string;
  /** Asks for the stream's addresses anew; undefined or a rejection when there are none now. */
  readonly fetchAddresses: (signal: AbortSignal) => Promise<PlayerAddresses | undefined>;
}

/** Of a token's life it is used for this share: 55 minutes of an hour. */
const RENEW_AFTER = 11 / 12;
/** After a failure it is asked again: sixty times in a token's life, between these bounds in milliseconds. */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** Gives the player of a private stream a new token before the old one ends, for as long as it plays: nothing is loaded anew. */
export class AddressRenewal {
  readonly #options: AddressRenewalOptions;
  readonly #closing = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lifeMs: number;

  /** Does nothing for an address without a token. */
  constructor(options: AddressRenewalOptions) {
    this.#options = options;
    this.#lifeMs = tokenLifeMs(options.url) ?? Number.POSITIVE_INFINITY;
    this.#schedule(this.#lifeMs * RENEW_AFTER);
  }

  /** Asks no more. Idempotent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    if (Number.isFinite(delayMs) && !this.#closing.signal.aborted) {
      this.#timer = setTimeout(() => {
        void this.#renew();
      }, delayMs);
    }
  }

  async #renew(): Promise<void> {
    const { player, fetchAddresses } = this.#options;
    const { signal } = this.#closing;
    const askedMs = performance.now();
    const addresses = await fetchAddresses(signal).catch(() => undefined);
    if (signal.aborted) {
      return;
    }
    if (addresses === undefined) {
      this.#schedule(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, this.#lifeMs / 60)));
      return;
    }
    player.renew(addresses);
    // Everybody may watch it by now, or else the new token's life counts, which began when it was asked for.
    this.#lifeMs = tokenLifeMs(addresses.url) ?? Number.POSITIVE_INFINITY;
    this.#schedule(this.#lifeMs * RENEW_AFTER - (performance.now() - askedMs));
  }
}

/**
 * How long the token in a playlist's address lives, in ms, whatever the clocks of viewer and server say; undefined without one. It
 * names when it was issued and when it ends: `/hls/t/<scope>.<issued>.<ends>.…`, in ms since 1970 to the base of 36.
 */
export function tokenLifeMs(url: string): number | undefined {
  const [, issued = '', ends = ''] = /\/hls\/t\/\w+\.([0-9a-z]+)\.([0-9a-z]+)\./.exec(url) ?? [];
  const lifeMs = Number.parseInt(ends, 36) - Number.parseInt(issued, 36);
  return lifeMs > 0 ? lifeMs : undefined;
}
