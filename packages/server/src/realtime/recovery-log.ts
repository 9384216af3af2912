/** An event that was told to a room, as Socket.IO's packets have it: name, payload, offset. */
export interface KeptEvent {
  readonly room: string;
  readonly packet: unknown[];
  readonly atMs: number;
}

/**
 * The last events of all rooms, in order, so that a client whose connection broke gets what it missed. Its offset is the last event it
 * saw; an offset of another log, or one that is too old, is of no use and says so.
 */
export class RecoveryLog {
  readonly #name: string;
  readonly #keepMs: number;
  readonly #maxEvents: number;
  #events: KeptEvent[] = [];
  #first = 0;

  /**
   * @param name stands in the offsets, so that they mean nothing to another process.
   * @param maxEvents how many are kept at most.
   */
  constructor(name: string, keepMs: number, maxEvents: number) {
    this.#name = name;
    this.#keepMs = keepMs;
    this.#maxEvents = maxEvents;
  }

  /** Events that are kept now. */
  get size(): number {
    return this.#events.length - this.#first;
  }

  /** Keeps an event and puts its offset at its end, where Socket.IO's clients look for it. */
  keep(room: string, packet: unknown[], nowMs: number): void {
    packet.push(`${this.#name}.${this.#base + this.#events.length}`);
    this.#events.push({ room, packet, atMs: nowMs });
    this.#forget(nowMs);
  }

  /** Packets of some rooms after an offset; undefined when it is not known any more. */
  after(offset: string, rooms: ReadonlySet<string>, nowMs: number): unknown[][] | undefined {
    this.#forget(nowMs);
    const [, name, count] = /^([^.]+)\.(\d{1,15})$/.exec(offset) ?? [];
    const index = Number(count) - this.#base;
    if (name !== this.#name || !(index >= this.#first && index < this.#events.length)) return undefined;
    return this.#events
      .slice(index + 1)
      .filter(({ room }) => rooms.has(room))
      .map(({ packet }) => packet);
  }

  /** Offset of `#events[0]`. */
  #base = 0;

  #forget(nowMs: number): void {
    while (
      this.#first < this.#events.length &&
      (this.size > this.#maxEvents || (this.#events[this.#first]?.atMs ?? nowMs) < nowMs - this.#keepMs)
    ) {
      this.#first++;
    }
    // Seldom, so that it costs nothing per event.
    if (this.#first > 1000 && this.#first > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#first);
      this.#base += this.#first;
      this.#first = 0;
    }
  }
}
