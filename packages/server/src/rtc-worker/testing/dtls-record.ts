/** Record types, RFC 6347 §4.1 and RFC 5246 §6.2.1. */
export const ALERT = 21;
export const HANDSHAKE = 22;
const DTLS_1_2 = 0xfefd;

/** A record before encryption, of epoch 0 (RFC 6347 §4.1). `length` may lie about the body. */
export function dtlsRecord(type: number, sequence: number, body: Uint8Array, length = body.length): Buffer {
  const head = Buffer.alloc(13);
  head[0] = type;
  head.writeUInt16BE(DTLS_1_2, 1);
  head.writeUIntBE(sequence, 5, 6);
  head.writeUInt16BE(length, 11);
  return Buffer.concat([head, body]);
}

/** A piece of a handshake message (RFC 6347 §4.2.2). */
export interface HandshakeFragment {
  readonly messageType: number;
  /** Bytes of the whole message, 24 bits. */
  readonly length: number;
  readonly messageSequence: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A record with such a piece of a message. */
export function handshakeFragment(recordSequence: number, fragment: HandshakeFragment): Buffer {
  const { messageType, length, messageSequence, offset, bytes } = fragment;
  const body = Buffer.alloc(12 + bytes, 7);
  body[0] = messageType;
  body.writeUIntBE(length, 1, 3);
  body.writeUInt16BE(messageSequence, 4);
  body.writeUIntBE(offset, 6, 3);
  body.writeUIntBE(bytes, 9, 3);
  return dtlsRecord(HANDSHAKE, recordSequence, body);
}
