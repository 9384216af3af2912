import type { RoomAdapter } from './room-adapter.ts';

/** What a sender needs of the limits, and the clock. */
export interface RoomSenderOptions {
  readonly batchAbovePerSecond: number;
  readonly batchMs: number;
  readonly monotonicMs: () => number;
}

const SECOND_MS = 1000;

/**
 * Tells one room events, in order. Each goes out at once, until more come in a second than a limit; from then on those of a short time go
 * in one write, as frames of their own: a client sees no difference, the server writes to each connection a few times a second only.
 */
export class RoomSender {
  readonly #adapter: RoomAdapter;
  readonly #room: string;
  readonly #options: RoomSenderOptions;
  /** When the last events were told, as a ring: its oldest entry tells the rate. */
  readonly #times: number[];
  #at = 0;
  #waiting: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(adapter: RoomAdapter, room: string, options: RoomSenderOptions) {
    this.#adapter = adapter;
    this.#room = room;
    this.#options = options;
    this.#times = Array.from({ length: options.batchAbovePerSecond }, () => Number.NEGATIVE_INFINITY);
  }

  /**
   * @param isKept see {@link RoomAdapter.frame}. What is out of date a moment later is not worth it.
   */
  send(event: string, payload: unknown, isKept: boolean): void {
    const frame = this.#adapter.frame(this.#room, event, payload, isKept);
    const nowMs = this.#options.monotonicMs();
    const isFast = (this.#times[this.#at] ?? nowMs) > nowMs - SECOND_MS;
    this.#times[this.#at] = nowMs;
    this.#at = (this.#at + 1) % this.#times.length;
    if (!isFast && this.#timer === undefined) {
      this.#adapter.write(this.#room, frame);
      return;
    }
    this.#waiting.push(frame);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.flush(), this.#options.batchMs);
    this.#adapter.setWaiting(this.#room, () => this.flush());
  }

  /** Writes what waits. */
  flush(): void {
    this.#waitNoLonger();
    const frames = this.#waiting;
    if (frames.length === 0) return;
    this.#waiting = [];
    this.#adapter.write(this.#room, frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames));
  }

  /** Forgets what waits. */
  close(): void {
    this.#waitNoLonger();
    this.#waiting = [];
  }

  #waitNoLonger(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#adapter.setWaiting(this.#room, undefined);
  }
}
