import type { AccessUnit } from './access-unit.ts';
import type { Track } from './track.ts';

/** What a reader of a live stream meets, in order. */
export type StreamEvent =
  | { readonly type: 'track'; readonly track: Track }
  | { readonly type: 'unit'; readonly unit: AccessUnit };

/** How much a reader may fall behind before it is dropped to the next keyframe. */
export interface ReaderLimits {
  /** Bytes of access units queued. Default 8 MiB: about 15 s at 4 Mbit/s. */
  readonly maxQueuedBytes: number;
  /** Access units queued. Default 2000. */
  readonly maxQueuedUnits: number;
}

/** The defaults of `ReaderLimits`. */
export const defaultReaderLimits: ReaderLimits = { maxQueuedBytes: 8 * 1024 * 1024, maxQueuedUnits: 2000 };

/** How a reader is opened. */
export interface ReaderOptions {
  readonly limits?: ReaderLimits;
  /** Called when something was queued; take until undefined, or return and be called again with the next unit. */
  readonly onReadable: (reader: StreamReader) => void;
  readonly onClose: () => void;
  /** True when video may only begin with a keyframe, which is so unless a whole GOP is replayed first. */
  readonly awaitKeyframe: boolean;
}

/**
 * One reader's bounded queue. A reader that does not take its units loses them up to the next keyframe; the publisher and
 * the other readers never wait for it.
 */
export class StreamReader {
  readonly #limits: ReaderLimits;
  readonly #onReadable: (reader: StreamReader) => void;
  readonly #onClose: () => void;
  #queue: StreamEvent[] = [];
  #head = 0;
  #bytes = 0;
  #awaitKeyframe: boolean;
  #dropped = 0;
  #closed = false;

  constructor(options: ReaderOptions) {
    this.#limits = options.limits ?? defaultReaderLimits;
    this.#onReadable = options.onReadable;
    this.#onClose = options.onClose;
    this.#awaitKeyframe = options.awaitKeyframe;
  }

  /** Access units lost because this reader was slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes queued now. */
  get queuedBytes(): number {
    return this.#bytes;
  }

  /** The next event, or undefined when there is none yet. */
  take(): StreamEvent | undefined {
    const event = this.#queue[this.#head];
    if (event === undefined) return undefined;
    this.#head += 1;
    if (event.type === 'unit') this.#bytes -= event.unit.payload.byteLength;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
    return event;
  }

  /** Queues an event. For `LiveStream` only. */
  push(event: StreamEvent): void {
    if (this.#closed) return;
    if (event.type === 'unit' && !this.#admit(event.unit)) return;
    this.#queue.push(event);
    this.#onReadable(this);
  }

  /** Leaves the stream; idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#onClose();
  }

  #admit(unit: AccessUnit): boolean {
    const sizeBytes = unit.payload.byteLength;
    const units = this.#queue.length - this.#head;
    if (this.#bytes + sizeBytes > this.#limits.maxQueuedBytes || units >= this.#limits.maxQueuedUnits)
      this.#dropQueue();
    if (this.#awaitKeyframe && unit.kind === 'video') {
      if (!unit.keyframe) {
        this.#dropped += 1;
        return false;
      }
      this.#awaitKeyframe = false;
    }
    this.#bytes += sizeBytes;
    return true;
  }

  #dropQueue(): void {
    const kept = this.#queue.slice(this.#head).filter((event) => event.type === 'track');
    this.#dropped += this.#queue.length - this.#head - kept.length;
    this.#queue = kept;
    this.#head = 0;
    this.#bytes = 0;
    this.#awaitKeyframe = true;
  }
}
