import { DEFAULT_CHUNK_BYTES, MESSAGE_TYPE, type RtmpMessage } from './rtmp-message.ts';

const EXTENDED = 0xff_ffff;

/**
 * Cuts messages into chunks (RTMP 1.0 §5.3). Every message begins with a type 0 header: a server answers rarely, and a
 * publisher that is a test need not be small.
 */
export class ChunkWriter {
  #chunkBytes = DEFAULT_CHUNK_BYTES;

  /** Chunk size of the messages to come; announce it with Set Chunk Size first. */
  setChunkBytes(size: number): void {
    this.#chunkBytes = size;
  }

  /** One message as the bytes to send. Throws RangeError for a chunk stream outside 2…65599 or a payload above 16 MiB − 1. */
  write(chunkStreamId: number, message: RtmpMessage): Uint8Array {
    const { payload } = message;
    if (payload.length > 0xff_ffff)
      throw new RangeError(`RTMP message of ${payload.length} bytes exceeds 16777215`);
    const basic = basicHeader(0, chunkStreamId);
    const continuation = basicHeader(3, chunkStreamId);
    const extended = message.timestampMs >= EXTENDED;
    const extendedBytes = extended ? 4 : 0;
    const more = Math.max(0, Math.ceil(payload.length / this.#chunkBytes) - 1);
    const size =
      basic.length + 11 + extendedBytes + more * (continuation.length + extendedBytes) + payload.length;
    const out = new Uint8Array(size);
    const view = new DataView(out.buffer);
    out.set(basic, 0);
    let at = basic.length;
    const field = extended ? EXTENDED : message.timestampMs;
    out[at] = field >>> 16;
    view.setUint16(at + 1, field & 0xffff);
    out[at + 3] = payload.length >>> 16;
    view.setUint16(at + 4, payload.length & 0xffff);
    out[at + 6] = message.type;
    view.setUint32(at + 7, message.streamId, true);
    at += 11;
    if (extended) view.setUint32(at, message.timestampMs);
    at += extendedBytes;
    for (let done = 0; done < payload.length; ) {
      if (done > 0) {
        out.set(continuation, at);
        at += continuation.length;
        if (extended) view.setUint32(at, message.timestampMs);
        at += extendedBytes;
      }
      const piece = payload.subarray(done, done + this.#chunkBytes);
      out.set(piece, at);
      at += piece.length;
      done += piece.length;
    }
    return out;
  }
}

/** Set Chunk Size, Window Acknowledgement Size or Acknowledgement: a single 32-bit value on stream 0 (§5.4). */
export function controlMessage(
  type: 'setChunkSize' | 'windowAckSize' | 'acknowledgement' | 'abort',
  value: number,
): RtmpMessage {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, value);
  return { type: MESSAGE_TYPE[type], streamId: 0, timestampMs: 0, payload };
}

/** Set Peer Bandwidth with limit type "dynamic" (§5.4.5). */
export function peerBandwidthMessage(windowBytes: number): RtmpMessage {
  const payload = new Uint8Array(5);
  new DataView(payload.buffer).setUint32(0, windowBytes);
  payload[4] = 2;
  return { type: MESSAGE_TYPE.setPeerBandwidth, streamId: 0, timestampMs: 0, payload };
}

/** A user control event with one 32-bit value (§7.1.7). */
export function userControlMessage(event: number, value: number): RtmpMessage {
  const payload = new Uint8Array(6);
  const view = new DataView(payload.buffer);
  view.setUint16(0, event);
  view.setUint32(2, value);
  return { type: MESSAGE_TYPE.userControl, streamId: 0, timestampMs: 0, payload };
}

function basicHeader(format: number, id: number): Uint8Array {
  if (!Number.isInteger(id) || id < 2 || id > 65_599)
    throw new RangeError(`chunk stream ${id} outside 2…65599`);
  if (id < 64) return Uint8Array.of((format << 6) | id);
  const rest = id - 64;
  return rest < 256
    ? Uint8Array.of(format << 6, rest)
    : Uint8Array.of((format << 6) | 1, rest & 0xff, rest >> 8);
}
