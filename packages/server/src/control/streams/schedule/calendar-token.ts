import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signs and reads the tokens of calendar feeds, `<user>.<signature>`: calendars send no cookie. A token is one member's for one channel
 * and opens nothing but its schedule; whether its member still is one is asked each time.
 */
export class CalendarTokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes, of nothing else. */
  constructor(secret: Uint8Array) {
    if (secret.length < 32) throw new RangeError(`a secret has at least 32 bytes, not ${secret.length}`);
    this.#secret = secret;
  }

  /** The token of a member for a channel; the same each time. */
  issue(channelId: string, userId: string): string {
    return `${userId}.${this.#sign(channelId, userId).toString('base64url')}`;
  }

  /** Whose token it is; undefined for what we did not sign for this channel. */
  read(channelId: string, token: string): string | undefined {
    const [, userId, signature] = /^([0-9a-f-]{36})\.([\w-]{43})$/.exec(token) ?? [];
    if (userId === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const ours = this.#sign(channelId, userId);
    return given.length === ours.length && timingSafeEqual(given, ours) ? userId : undefined;
  }

  #sign(channelId: string, userId: string): Buffer {
    return createHmac('sha256', this.#secret).update(`schedule ${channelId} ${userId}`).digest();
  }
}
