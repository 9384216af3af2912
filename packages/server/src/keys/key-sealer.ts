import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** A stream key that only the holder of the master key can read. Every field is base64url. */
export interface SealedKey {
  readonly nonce: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/** Bytes of a master key. */
export const masterKeyBytes = 32;

/** Length of a GCM authentication tag; a shorter one from the file is refused (NIST SP 800-38D §5.2.1.2). */
const tagBytes = 16;

/**
 * Turns stream keys into what may lie on a disk. Looking up needs only a keyed hash; showing a key again needs the sealed form.
 * Both sub-keys come from the one master key by HKDF (RFC 5869), so neither use can harm the other.
 */
export class KeySealer {
  readonly #pepper: Uint8Array;
  readonly #sealingKey: Uint8Array;

  /** @param masterKey 32 random bytes. */
  constructor(masterKey: Uint8Array) {
    if (masterKey.length !== masterKeyBytes)
      throw new RangeError(`a master key has ${masterKeyBytes} bytes, not ${masterKey.length}`);
    this.#pepper = derive(masterKey, 'tallylight stream key look-up');
    this.#sealingKey = derive(masterKey, 'tallylight stream key sealing');
  }

  /** The name under which a key is found: HMAC-SHA256 in base64url. Equal keys have equal names; the name says nothing of the key. */
  lookupName(streamKey: string): string {
    return createHmac('sha256', this.#pepper).update(streamKey).digest('base64url');
  }

  /** Seals a key with AES-256-GCM; `context` (whose key it is) must be the same when it is opened. */
  seal(streamKey: string, context: string): SealedKey {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#sealingKey, nonce).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(streamKey, 'utf8'), cipher.final()]);
    return {
      nonce: nonce.toString('base64url'),
      ciphertext: ciphertext.toString('base64url'),
      tag: cipher.getAuthTag().toString('base64url'),
    };
  }

  /** The key again. Throws when the master key is another one, or the file was tampered with. */
  open(sealed: SealedKey, context: string): string {
    const nonce = Buffer.from(sealed.nonce, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#sealingKey, nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(context)).setAuthTag(Buffer.from(sealed.tag, 'base64url'));
    return Buffer.concat([decipher.update(sealed.ciphertext, 'base64url'), decipher.final()]).toString(
      'utf8',
    );
  }
}

function derive(masterKey: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey, new Uint8Array(0), purpose, 32));
}
