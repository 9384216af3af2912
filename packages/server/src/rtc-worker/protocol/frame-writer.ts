import type { Writable } from 'node:stream';
import { FRAME_TYPE, frameHeader, ProtocolError } from './frame.ts';
import { UNIT_HEADER_BYTES, unitHeader, type WireUnit } from './unit-frame.ts';

/** Bounds on what waits for a reader that does not read. */
export interface FrameWriterLimits {
  /** Bytes waiting above which access units are dropped. Default 4 MiB: some seconds of a stream. */
  readonly maxMediaBytes: number;
  /** Bytes waiting above which the other side counts as hung. Default 32 MiB. */
  readonly maxBytes: number;
}

const DEFAULT_LIMITS: FrameWriterLimits = { maxMediaBytes: 4 * 1024 * 1024, maxBytes: 32 * 1024 * 1024 };

/**
 * Writes frames to a pipe, those of one turn of the event loop together. When the other side does not read, access units are
 * dropped track by track up to a keyframe; control messages never are.
 */
export class FrameWriter<Message> {
  readonly #pipe: Writable;
  readonly #onOverflow: () => void;
  readonly #limits: FrameWriterLimits;
  /** Tracks that lost a unit and wait for a keyframe, as `channel * 256 + track`. */
  readonly #broken = new Set<number>();
  #corked = false;

  /** `onOverflow` is called when so much control waits that the other side must be hung. */
  constructor(pipe: Writable, onOverflow: () => void, limits: Partial<FrameWriterLimits> = {}) {
    this.#pipe = pipe;
    this.#onOverflow = onOverflow;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Bytes that wait for the other side to read. */
  get queuedBytes(): number {
    return this.#pipe.writableLength;
  }

  /** Writes a control message. Throws ProtocolError when it is larger than a frame. */
  control(message: Message): void {
    const body = Buffer.from(JSON.stringify(message));
    this.#write([frameHeader(FRAME_TYPE.control, body.length), body]);
    if (this.queuedBytes > this.#limits.maxBytes) this.#onOverflow();
  }

  /** Writes an access unit, or drops it and says false. The payload must not change any more. */
  unit(unit: WireUnit): boolean {
    const key = unit.channel * 256 + unit.track;
    // Half, so that a reader at its limit gets whole groups of pictures and not one keyframe after another.
    const limit = this.#broken.has(key) ? this.#limits.maxMediaBytes / 2 : this.#limits.maxMediaBytes;
    const isStart = unit.keyframe || !this.#broken.has(key);
    if (!isStart || this.queuedBytes + unit.payload.length > limit) {
      this.#broken.add(key);
      return false;
    }
    const header = frameHeaderOf(unit);
    if (header === undefined) {
      this.#broken.add(key);
      return false;
    }
    this.#broken.delete(key);
    this.#write([header, unitHeader(unit), unit.payload]);
    return true;
  }

  /** Forgets a session or feed that is gone. */
  forget(channel: number): void {
    for (const key of this.#broken) if (Math.floor(key / 256) === channel) this.#broken.delete(key);
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (!this.#pipe.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#pipe.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#pipe.uncork();
      });
    }
    for (const piece of pieces) this.#pipe.write(piece);
  }
}

/** Undefined for a unit that no frame can hold: it is dropped like one that found no room. */
function frameHeaderOf(unit: WireUnit): Uint8Array | undefined {
  try {
    return frameHeader(FRAME_TYPE.unit, UNIT_HEADER_BYTES + unit.payload.length);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
