import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** STUN attribute types, RFC 8489 §18.3 and RFC 8445 §16.1. */
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const PRIORITY = 0x0024;
const USE_CANDIDATE = 0x0025;
const ICE_CONTROLLING = 0x802a;
const FINGERPRINT = 0x8028;
const BINDING_REQUEST = 0x0001;
const MAGIC_COOKIE = 0x2112_a442;

/** What is written into a binding request. */
export interface BindingRequest {
  /** `ours:theirs`. */
  readonly username: string;
  /** Key of the MESSAGE-INTEGRITY; absent: there is none. */
  readonly password?: string;
  /** Further attributes before the integrity, by type. */
  readonly attributes?: readonly (readonly [number, Uint8Array])[];
}

/** A binding request as ICE sends it (RFC 8445 §7.2.2), right or wrong. */
export function bindingRequest({ username, password, attributes = [] }: BindingRequest): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(BINDING_REQUEST, 0);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  for (let i = 8; i < 20; i++) header[i] = i * 7;
  let message = Buffer.concat([
    header,
    attribute(USERNAME, Buffer.from(username)),
    attribute(PRIORITY, Buffer.from([0x6e, 0, 1, 0xff])),
    attribute(ICE_CONTROLLING, Buffer.alloc(8, 5)),
    attribute(USE_CANDIDATE, Buffer.alloc(0)),
    ...attributes.map(([type, value]) => attribute(type, Buffer.from(value))),
  ]);
  if (password !== undefined) {
    // The length counts the attribute that is not there yet (RFC 8489 §14.5).
    message.writeUInt16BE(message.length - 20 + 24, 2);
    const integrity = createHmac('sha1', password).update(message).digest();
    message = Buffer.concat([message, attribute(MESSAGE_INTEGRITY, integrity)]);
  }
  message.writeUInt16BE(message.length - 20 + 8, 2);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(message) ^ 0x5354_554e) >>> 0);
  return Buffer.concat([message, attribute(FINGERPRINT, fingerprint)]);
}

/** One attribute, padded to four bytes. */
export function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}
