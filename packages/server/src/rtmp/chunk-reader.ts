import { DEFAULT_CHUNK_BYTES, MESSAGE_TYPE, type RtmpMessage } from './rtmp-message.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

/** Bounds of a `ChunkReader`, all in bytes but the last. */
export interface ChunkReaderLimits {
  readonly minChunkBytes: number;
  readonly maxChunkBytes: number;
  /** Largest message, and the most that all unfinished messages may hold together. */
  readonly maxMessageBytes: number;
  readonly maxChunkStreams: number;
}

/** What is known of one chunk stream between its chunks. */
interface ChunkStream {
  readonly id: number;
  timestampMs: number;
  deltaMs: number;
  /** Value of the extended timestamp field; undefined when the last header had none. */
  extended: number | undefined;
  length: number;
  type: number;
  streamId: number;
  /** The unfinished message; undefined between messages. */
  payload: Uint8Array | undefined;
  filled: number;
}

/** Basic header 3, message header 11, extended timestamp 4 (RTMP 1.0 §5.3.1). */
const MAX_HEADER_BYTES = 18;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
const EXTENDED = 0xff_ffff;
const EMPTY = new Uint8Array(0);
/**
 * A type 3 chunk that begins a message after a type 0 chunk repeats that chunk's timestamp as delta (§5.3.1.2.4). librtmp
 * (OBS) means "same timestamp" by it, so a delta that could not be one frame is not believed.
 */
const MAX_REPEATED_TIMESTAMP_MS = 1000;

/**
 * Puts messages together from chunks that arrive in pieces of any size (RTMP 1.0 §5.3). Set Chunk Size and Abort are obeyed
 * here and not reported. A message that lies within one chunk and one piece is a view; any other takes one allocation.
 */
export class ChunkReader {
  readonly #onMessage: (message: RtmpMessage) => void;
  readonly #streams = new Map<number, ChunkStream>();
  readonly #carry = new Uint8Array(MAX_HEADER_BYTES);
  #limits: ChunkReaderLimits;
  #carryFill = 0;
  #chunkBytes = DEFAULT_CHUNK_BYTES;
  /** The chunk stream whose chunk is being read, and how much of that chunk is to come. */
  #current: ChunkStream | undefined;
  #chunkLeft = 0;
  #unfinishedBytes = 0;
  #paused = false;
  #held: Uint8Array = EMPTY;
  #headerEnd = 0;

  constructor(limits: ChunkReaderLimits, onMessage: (message: RtmpMessage) => void) {
    this.#limits = limits;
    this.#onMessage = onMessage;
  }

  /** Takes other limits from the next chunk header on: wider ones once a publisher is authorised. */
  setLimits(limits: ChunkReaderLimits): void {
    this.#limits = limits;
  }

  /** Bytes of unfinished messages, for tests and dumps. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  /** Stops reporting after the message being reported; what is pushed is held, so push little. */
  pause(): void {
    this.#paused = true;
  }

  /** Reports what was held, and goes on. Throws as `push` does. */
  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = EMPTY;
    if (held.length > 0) this.push(held);
  }

  /** Takes the next bytes. Throws RtmpProtocolError; the reader is of no use after that. */
  push(bytes: Uint8Array): void {
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      if (this.#paused) {
        const rest = bytes.subarray(at);
        this.#held = this.#held.length === 0 ? rest : Buffer.concat([this.#held, rest]);
        return;
      }
      if (this.#current === undefined) {
        at = this.#takeHeader(bytes, at);
      } else {
        at = this.#takePayload(this.#current, bytes, at);
      }
    }
  }

  /** Reads a header, or carries its beginning over to the next push. Returns where the payload begins. */
  #takeHeader(bytes: Uint8Array, at: number): number {
    if (this.#carryFill === 0) {
      if (this.#parseHeader(bytes, at, bytes.length)) return this.#headerEnd;
      this.#carry.set(bytes.subarray(at), 0);
      this.#carryFill = bytes.length - at;
      return bytes.length;
    }
    const before = this.#carryFill;
    const take = Math.min(MAX_HEADER_BYTES - before, bytes.length - at);
    this.#carry.set(bytes.subarray(at, at + take), before);
    if (this.#parseHeader(this.#carry, 0, before + take)) {
      this.#carryFill = 0;
      if (this.#headerEnd >= before) return at + this.#headerEnd - before;
      // An extended timestamp was waited for and left out: what was carried is payload already.
      this.push(this.#carry.slice(this.#headerEnd, before));
      return at;
    }
    this.#carryFill = before + take;
    return at + take;
  }

  /** True when a whole header lies in `bytes[start…end)`: then `#current`, `#chunkLeft` and `#headerEnd` are set. */
  #parseHeader(bytes: Uint8Array, start: number, end: number): boolean {
    const first = bytes[start] ?? 0;
    let id = first & 0x3f;
    let at = start + 1;
    if (id < 2) {
      const more = id + 1;
      if (at + more > end) return false;
      id = 64 + (bytes[at] ?? 0) + (more === 2 ? (bytes[at + 1] ?? 0) * 256 : 0);
      at += more;
    }
    const format = first >> 6;
    const headerBytes = MESSAGE_HEADER_BYTES[format] ?? 0;
    if (at + headerBytes > end) return false;
    const known = this.#streams.get(id);
    let field = 0;
    let extended: number | undefined;
    if (format < 3) {
      field = u24(bytes, at);
      if (field === EXTENDED) {
        if (at + headerBytes + 4 > end) return false;
        field = u32(bytes, at + headerBytes);
        extended = field;
      }
    } else if (known?.extended !== undefined) {
      // Some encoders leave the field out of type 3 chunks, against §5.3.1.3: it is there only if it says the same again.
      if (at + 4 > end) return false;
      if (u32(bytes, at) === known.extended) at += 4;
    }
    if (known !== undefined && known.payload !== undefined) {
      if (format !== 3)
        throw new RtmpProtocolError(`chunk stream ${id}: new header within an unfinished message`);
    } else {
      this.#beginMessage(known ?? this.#open(id, format), format, bytes, at, field, extended);
    }
    const stream = known ?? this.#streams.get(id);
    if (stream === undefined) return false;
    this.#headerEnd = at + headerBytes + (extended === undefined ? 0 : 4);
    this.#chunkLeft = Math.min(this.#chunkBytes, stream.length - stream.filled);
    this.#current = stream;
    if (stream.length === 0) this.#finish(stream, EMPTY);
    return true;
  }

  #beginMessage(
    stream: ChunkStream,
    format: number,
    bytes: Uint8Array,
    at: number,
    field: number,
    extended: number | undefined,
  ): void {
    if (format < 3) stream.extended = extended;
    if (format < 2) {
      stream.length = u24(bytes, at + 3);
      stream.type = bytes[at + 6] ?? 0;
    }
    if (format === 0) {
      stream.streamId = u32le(bytes, at + 7);
      stream.timestampMs = field;
      stream.deltaMs = field <= MAX_REPEATED_TIMESTAMP_MS ? field : 0;
    } else {
      if (format < 3) stream.deltaMs = field;
      stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
    }
    const { maxMessageBytes } = this.#limits;
    if (stream.length > maxMessageBytes) {
      throw new RtmpProtocolError(`message of ${stream.length} bytes exceeds ${maxMessageBytes}`);
    }
    if (this.#unfinishedBytes + stream.length > maxMessageBytes) {
      throw new RtmpProtocolError(
        `unfinished messages of ${this.#unfinishedBytes + stream.length} bytes exceed ${maxMessageBytes}`,
      );
    }
    stream.filled = 0;
  }

  #open(id: number, format: number): ChunkStream {
    // Type 1 is let pass: librtmp opens a chunk stream with it for its first control message.
    if (format > 1) throw new RtmpProtocolError(`chunk stream ${id} begins with a header of type ${format}`);
    if (this.#streams.size >= this.#limits.maxChunkStreams) {
      throw new RtmpProtocolError(`chunk stream ${id} is one more than ${this.#limits.maxChunkStreams}`);
    }
    const stream: ChunkStream = {
      id,
      timestampMs: 0,
      deltaMs: 0,
      extended: undefined,
      length: 0,
      type: 0,
      streamId: 0,
      payload: undefined,
      filled: 0,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #takePayload(stream: ChunkStream, bytes: Uint8Array, at: number): number {
    const take = Math.min(this.#chunkLeft, bytes.length - at);
    const pieceEnd = at + take;
    if (stream.payload === undefined) {
      if (take === stream.length) {
        this.#finish(stream, bytes.subarray(at, pieceEnd));
        return pieceEnd;
      }
      // Not zeroed: every byte is written before the message is reported.
      stream.payload = Buffer.allocUnsafeSlow(stream.length);
      this.#unfinishedBytes += stream.length;
    }
    stream.payload.set(take === bytes.length ? bytes : bytes.subarray(at, pieceEnd), stream.filled);
    stream.filled += take;
    this.#chunkLeft -= take;
    if (stream.filled === stream.length) {
      const { payload } = stream;
      this.#unfinishedBytes -= stream.length;
      stream.payload = undefined;
      this.#finish(stream, payload);
    } else if (this.#chunkLeft === 0) {
      this.#current = undefined;
    }
    return pieceEnd;
  }

  #finish(stream: ChunkStream, payload: Uint8Array): void {
    this.#current = undefined;
    stream.filled = 0;
    switch (stream.type) {
      case MESSAGE_TYPE.setChunkSize:
        this.#setChunkSize(payload);
        return;
      case MESSAGE_TYPE.abort:
        this.#abort(payload);
        return;
      default:
        this.#onMessage({
          type: stream.type,
          streamId: stream.streamId,
          timestampMs: stream.timestampMs,
          payload,
        });
    }
  }

  #setChunkSize(payload: Uint8Array): void {
    if (payload.length < 4) throw new RtmpProtocolError(`Set Chunk Size of ${payload.length} bytes`);
    const size = u32(payload, 0);
    const { minChunkBytes, maxChunkBytes } = this.#limits;
    if (size < minChunkBytes || size > maxChunkBytes) {
      throw new RtmpProtocolError(`chunk size ${size} outside ${minChunkBytes}…${maxChunkBytes}`);
    }
    this.#chunkBytes = size;
  }

  #abort(payload: Uint8Array): void {
    if (payload.length < 4) throw new RtmpProtocolError(`Abort Message of ${payload.length} bytes`);
    const stream = this.#streams.get(u32(payload, 0));
    if (stream?.payload === undefined) return;
    this.#unfinishedBytes -= stream.length;
    stream.payload = undefined;
    stream.filled = 0;
  }
}

function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function u32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | u24(bytes, at + 1)) >>> 0;
}

/** The message stream id is the one little-endian field of RTMP (§5.3.1.2.1). */
function u32le(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}
