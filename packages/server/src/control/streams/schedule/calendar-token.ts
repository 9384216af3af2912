import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signs and reads the tokens of calendar feeds, `<user>.<signature>`: calendars send no cookie. A token is one member's for one channel
 * and opens nothing but its schedule; whether its member still is one is asked each time, and how often they have renewed it, too.
 */
export class CalendarTokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes, of nothing else. */
  constructor(secret: Uint8Array) {
    if (secret.length < 32) throw new RangeError(`a secret has at least 32 bytes, not ${secret.length}`);
    this.#secret = secret;
  }

  /** The token of a member for a channel; the same each time, until it is renewed once more. */
  issue(channelId: string, userId: string, renewals: number): string {
    return `${userId}.${this.#sign(channelId, userId, renewals).toString('base64url')}`;
  }

  /** Whose token it says to be: nothing is believed of it before {@link isGood}. Undefined for what is no token. */
  claimedBy(token: string): string | undefined {
    return /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{43}$/.exec(token)?.[1];
  }

  /** Whether we signed it for this channel, and it was not renewed since. */
  isGood(token: string, channelId: string, userId: string, renewals: number): boolean {
    const given = Buffer.from(token.slice(userId.length + 1), 'base64url');
    const ours = this.#sign(channelId, userId, renewals);
    return given.length === ours.length && timingSafeEqual(given, ours);
  }

  #sign(channelId: string, userId: string, renewals: number): Buffer {
    // Addresses of before anybody could renew theirs had no number: they go on.
    const renewed = renewals === 0 ? '' : ` ${renewals}`;
    return createHmac('sha256', this.#secret).update(`schedule ${channelId} ${userId}${renewed}`).digest();
  }
}
