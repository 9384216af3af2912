import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

/** Bytes of C1, S1, C2 and S2 (RTMP 1.0 §5.2.3). */
export const HANDSHAKE_BYTES = 1536;
/** Bytes of C0 and C1 together. */
export const C0_C1_BYTES = 1 + HANDSHAKE_BYTES;

/** Where a C1 or S1 of the digest handshake keeps its digest: two layouts are in use, found by trying. */
export type DigestSchema = 0 | 1;

const RTMP_VERSION = 3;
const DIGEST_BYTES = 32;
/** Constants of Adobe's players and servers, public through every implementation of the digest handshake. */
const KEY_TAIL = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const CLIENT_KEY = Buffer.from('Genuine Adobe Flash Player 001', 'latin1');
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001', 'latin1');
const SERVER_FULL_KEY = Buffer.concat([SERVER_KEY, KEY_TAIL]);
const CLIENT_FULL_KEY = Buffer.concat([CLIENT_KEY, KEY_TAIL]);

/** What the server says to C0 and C1. */
export interface HandshakeAnswer {
  /** S0, S1 and S2: 3073 bytes. */
  readonly bytes: Uint8Array;
  /** Layout of the client's digest; undefined when it made the simple handshake. */
  readonly schema: DigestSchema | undefined;
}

/**
 * Answers C0 and C1. A C1 that carries a valid digest is answered with one in the same layout (players refuse less), any
 * other as in RTMP 1.0 §5.2. Throws RtmpProtocolError for another version than 3, which also refuses RTMPE.
 */
export function answerHandshake(c0c1: Uint8Array): HandshakeAnswer {
  if (c0c1.length !== C0_C1_BYTES)
    throw new RangeError(`C0 and C1 are ${C0_C1_BYTES} bytes, got ${c0c1.length}`);
  if (c0c1[0] !== RTMP_VERSION)
    throw new RtmpProtocolError(`not RTMP: first byte is ${c0c1[0]}, not ${RTMP_VERSION}`);
  const c1 = c0c1.subarray(1);
  const schema = digestSchema(c1, CLIENT_KEY);
  const answer = new Uint8Array(1 + 2 * HANDSHAKE_BYTES);
  answer[0] = RTMP_VERSION;
  const s1 = answer.subarray(1, 1 + HANDSHAKE_BYTES);
  const s2 = answer.subarray(1 + HANDSHAKE_BYTES);
  // Time 0 and, for the simple handshake, version 0.
  randomFillSync(s1, 8);
  if (schema === undefined) {
    s2.set(c1);
    return { bytes: answer, schema };
  }
  s1.set([4, 5, 0, 1], 4);
  writeDigest(s1, schema, SERVER_KEY);
  randomFillSync(s2);
  const at = digestOffset(c1, schema);
  const key = hmac(SERVER_FULL_KEY, c1.subarray(at, at + DIGEST_BYTES));
  s2.set(hmac(key, s2.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES)), HANDSHAKE_BYTES - DIGEST_BYTES);
  return { bytes: answer, schema };
}

/** C0 and C1 as a client sends them: simple, or with a digest in the given layout. */
export function makeC0C1(schema: DigestSchema | undefined): Uint8Array {
  const bytes = new Uint8Array(C0_C1_BYTES);
  bytes[0] = RTMP_VERSION;
  const c1 = bytes.subarray(1);
  randomFillSync(c1, 8);
  if (schema !== undefined) {
    c1.set([128, 0, 7, 2], 4);
    writeDigest(c1, schema, CLIENT_KEY);
  }
  return bytes;
}

/** C2 for the server's S1: an echo, or for the digest handshake random bytes signed with S1's digest. */
export function makeC2(s1: Uint8Array, schema: DigestSchema | undefined): Uint8Array {
  if (schema === undefined) return s1.slice();
  const c2 = randomFillSync(new Uint8Array(HANDSHAKE_BYTES));
  const at = digestOffset(s1, schema);
  const key = hmac(CLIENT_FULL_KEY, s1.subarray(at, at + DIGEST_BYTES));
  c2.set(hmac(key, c2.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES)), HANDSHAKE_BYTES - DIGEST_BYTES);
  return c2;
}

/** True when S1 carries a server's digest in the given layout and S2 is signed with C1's digest. */
export function isSignedAnswer(
  c1: Uint8Array,
  s1: Uint8Array,
  s2: Uint8Array,
  schema: DigestSchema,
): boolean {
  const at = digestOffset(c1, schema);
  const key = hmac(SERVER_FULL_KEY, c1.subarray(at, at + DIGEST_BYTES));
  const signature = hmac(key, s2.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES));
  return (
    digestSchema(s1, SERVER_KEY) === schema &&
    timingSafeEqual(signature, s2.subarray(HANDSHAKE_BYTES - DIGEST_BYTES))
  );
}

function digestSchema(block: Uint8Array, key: Uint8Array): DigestSchema | undefined {
  // A version of 0 is a client of the simple handshake: two digests saved for each half-open connection.
  if (block[4] === 0) return undefined;
  for (const schema of [1, 0] as const) {
    const at = digestOffset(block, schema);
    if (timingSafeEqual(digestOf(block, at, key), block.subarray(at, at + DIGEST_BYTES))) return schema;
  }
  return undefined;
}

/** The digest's place follows from the sum of four bytes, within the first or second half of the block. */
function digestOffset(block: Uint8Array, schema: DigestSchema): number {
  const base = schema === 0 ? 8 : 772;
  const sum = (block[base] ?? 0) + (block[base + 1] ?? 0) + (block[base + 2] ?? 0) + (block[base + 3] ?? 0);
  return (sum % 728) + base + 4;
}

function writeDigest(block: Uint8Array, schema: DigestSchema, key: Uint8Array): void {
  const at = digestOffset(block, schema);
  block.set(digestOf(block, at, key), at);
}

/** HMAC-SHA256 of the block without the digest itself. */
function digestOf(block: Uint8Array, at: number, key: Uint8Array): Uint8Array {
  return createHmac('sha256', key)
    .update(block.subarray(0, at))
    .update(block.subarray(at + DIGEST_BYTES))
    .digest();
}

function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest();
}
