import { FlvFormatError } from './flv-format-error.ts';
import { FLV_TAG_HEADER_BYTES, type FlvTag, type FlvTagType } from './flv-tag.ts';

/** Bounds of an `FlvReader`. */
export interface FlvReaderLimits {
  /** Largest tag body, in bytes, checked before memory is taken. Default 8 MiB. */
  readonly maxBodyBytes: number;
}

const FILE_HEADER_BYTES = 9;
const PREVIOUS_TAG_SIZE_BYTES = 4;
/** A longer file header is legal (§E.2 DataOffset) but nobody writes one. */
const MAX_FILE_HEADER_BYTES = 64;

/**
 * Reads an FLV file that arrives in pieces of any size (Adobe FLV 10.1 §E.2–E.4), such as FFmpeg's on a pipe.
 * A body that arrives within one piece is a view into it; one that does not is copied once.
 */
export class FlvReader {
  readonly #onTag: (tag: FlvTag) => void;
  readonly #maxBodyBytes: number;
  readonly #small = new Uint8Array(MAX_FILE_HEADER_BYTES);
  #smallFill = 0;
  #smallNeed = FILE_HEADER_BYTES;
  #state: 'file-header' | 'file-header-rest' | 'previous-size' | 'tag-header' | 'body' = 'file-header';
  #type: FlvTagType | undefined;
  #timestampMs = 0;
  #bodySize = 0;
  #body: Uint8Array | undefined;
  #bodyFill = 0;
  #previousTagSize = 0;

  constructor(onTag: (tag: FlvTag) => void, limits: Partial<FlvReaderLimits> = {}) {
    this.#onTag = onTag;
    this.#maxBodyBytes = limits.maxBodyBytes ?? 8 * 1024 * 1024;
  }

  /** Takes the next piece of the file and calls back for each tag it completes. Throws FlvFormatError; the reader is of no use after that. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'body') {
        at = this.#takeBody(bytes, at);
        continue;
      }
      const take = Math.min(this.#smallNeed - this.#smallFill, bytes.length - at);
      for (let i = 0; i < take; i++) this.#small[this.#smallFill + i] = bytes[at + i] ?? 0;
      this.#smallFill += take;
      at += take;
      if (this.#smallFill === this.#smallNeed) this.#takeSmall();
    }
  }

  /** True between tags: the pieces so far end where a tag ends, so nothing is lost when the file ends here. */
  get atTagBoundary(): boolean {
    return (this.#state === 'tag-header' || this.#state === 'previous-size') && this.#smallFill === 0;
  }

  #takeSmall(): void {
    const b = this.#small;
    this.#smallFill = 0;
    switch (this.#state) {
      case 'file-header': {
        if (b[0] !== 0x46 || b[1] !== 0x4c || b[2] !== 0x56) {
          throw new FlvFormatError(`not an FLV file: begins with ${hex(b, 3)}`);
        }
        const offset = u32(b, 5);
        if (offset < FILE_HEADER_BYTES || offset > MAX_FILE_HEADER_BYTES) {
          throw new FlvFormatError(`FLV DataOffset ${offset} outside 9…${MAX_FILE_HEADER_BYTES}`);
        }
        if (offset > FILE_HEADER_BYTES) this.#await('file-header-rest', offset - FILE_HEADER_BYTES);
        else this.#await('previous-size', PREVIOUS_TAG_SIZE_BYTES);
        return;
      }
      case 'file-header-rest':
        this.#await('previous-size', PREVIOUS_TAG_SIZE_BYTES);
        return;
      case 'previous-size': {
        const size = u32(b, 0);
        if (size !== this.#previousTagSize) {
          throw new FlvFormatError(`FLV PreviousTagSize ${size}, expected ${this.#previousTagSize}`);
        }
        this.#await('tag-header', FLV_TAG_HEADER_BYTES);
        return;
      }
      case 'tag-header':
        this.#takeTagHeader(b);
        return;
      case 'body':
    }
  }

  #takeTagHeader(b: Uint8Array): void {
    const first = b[0] ?? 0;
    if ((first & 0x20) !== 0) throw new FlvFormatError('FLV tag is encrypted (Filter = 1)');
    switch (first & 0x1f) {
      case 8:
        this.#type = 'audio';
        break;
      case 9:
        this.#type = 'video';
        break;
      case 18:
        this.#type = 'script';
        break;
      default:
        throw new FlvFormatError(`FLV TagType ${first & 0x1f} is unknown`);
    }
    this.#bodySize = u24(b, 1);
    if (this.#bodySize > this.#maxBodyBytes) {
      throw new FlvFormatError(`FLV tag of ${this.#bodySize} bytes exceeds ${this.#maxBodyBytes}`);
    }
    this.#timestampMs = (u24(b, 4) | ((b[7] ?? 0) << 24)) >>> 0;
    this.#body = undefined;
    this.#bodyFill = 0;
    this.#state = 'body';
    if (this.#bodySize === 0) this.#finish(new Uint8Array(0));
  }

  #takeBody(bytes: Uint8Array, at: number): number {
    const need = this.#bodySize - this.#bodyFill;
    const take = Math.min(need, bytes.length - at);
    const piece = bytes.subarray(at, at + take);
    if (this.#body === undefined && take === need) {
      this.#finish(piece);
      return at + take;
    }
    this.#body ??= new Uint8Array(this.#bodySize);
    this.#body.set(piece, this.#bodyFill);
    this.#bodyFill += take;
    if (take === need) this.#finish(this.#body);
    return at + take;
  }

  #finish(body: Uint8Array): void {
    const type = this.#type ?? 'script';
    this.#previousTagSize = this.#bodySize + FLV_TAG_HEADER_BYTES;
    this.#body = undefined;
    this.#await('previous-size', PREVIOUS_TAG_SIZE_BYTES);
    this.#onTag({ type, timestampMs: this.#timestampMs, body });
  }

  #await(state: 'file-header-rest' | 'previous-size' | 'tag-header', need: number): void {
    this.#state = state;
    this.#smallNeed = need;
    this.#smallFill = 0;
  }
}

function u24(b: Uint8Array, at: number): number {
  return ((b[at] ?? 0) << 16) | ((b[at + 1] ?? 0) << 8) | (b[at + 2] ?? 0);
}

function u32(b: Uint8Array, at: number): number {
  return (((b[at] ?? 0) << 24) | u24(b, at + 1)) >>> 0;
}

function hex(b: Uint8Array, count: number): string {
  return Array.from(b.subarray(0, count), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
