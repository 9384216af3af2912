import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes that a master key has at least. */
const MASTER_KEY_BYTES = 32;

/** What the accounts need secrets for, each from the one master key by HKDF (RFC 5869). */
export class AccountSecrets {
  /** Signs cookies, encrypts what the sign-in library must read again. */
  readonly cookieSecret: string;
  readonly #pepper: Uint8Array;

  /** @param masterKey 32 bytes or more; throws RangeError for fewer. */
  constructor(masterKey: Uint8Array) {
    if (masterKey.length < MASTER_KEY_BYTES)
      throw new RangeError(`a master key has ${MASTER_KEY_BYTES} bytes or more, not ${masterKey.length}`);
    const derive = (purpose: string) =>
      new Uint8Array(hkdfSync('sha256', masterKey, new Uint8Array(0), purpose, 32));
    this.cookieSecret = Buffer.from(derive('tallylight sign-in')).toString('base64url');
    this.#pepper = derive('tallylight api tokens');
  }

  /** Under which an API token is stored and found. */
  apiTokenHash(token: string): string {
    return createHmac('sha256', this.#pepper).update(token).digest('base64url');
  }

  /** True when a session's token carries our signature: only then the database is asked. */
  isSigned(token: string, signature: string): boolean {
    const own = createHmac('sha256', this.cookieSecret).update(token).digest();
    const given = Buffer.from(signature, 'base64');
    return given.length === own.length && timingSafeEqual(given, own);
  }
}

/** A secret with 256 bits, for links and consoles. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret that has 256 random bits: SHA-256, base64url. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
