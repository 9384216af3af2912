import { liveError } from '@tallylight/protocol/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ChatLimits } from './chat-limits.ts';

/** A message on its way into the database. */
export interface OutgoingMessage {
  readonly id: string;
  readonly streamId: string;
  readonly userId: string;
  /** JSON of the author's claims. */
  readonly claims: string;
  readonly clientId: string;
  readonly content: string;
}

/** What became of it. `id`, `seq` and `createdAt` are those of the first one when it is a duplicate. */
export type StoreOutcome =
  | {
      readonly outcome: 'sent' | 'duplicate';
      readonly id: string;
      readonly seq: number;
      readonly createdAt: Date;
    }
  | { readonly outcome: 'closed' | 'refused' | 'failed' };

/** A message that is stored for certain. */
export interface StoredMessage {
  readonly id: string;
  readonly seq: number;
  readonly createdAt: Date;
}

/** Where messages go. */
export interface ChatStore<M extends OutgoingMessage> {
  /** Stores all in one transaction; an answer for each, in their order. A rejection: nobody knows. */
  store(messages: readonly M[]): Promise<readonly StoreOutcome[]>;
  /** Those of the ids that are stored, by `seq`, once nothing is under way in that stream. */
  find(streamId: string, ids: readonly string[]): Promise<readonly StoredMessage[]>;
  /** Told once for each stored message, in the order of the sequence, before its sender gets the answer. */
  onStored(message: M, stored: StoredMessage): void;
}

interface Entry<M> {
  readonly message: M;
  readonly submittedMs: number;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Room<M> {
  waiting: Entry<M>[];
  isBusy: boolean;
  /** Sent to the database, and no answer came. */
  unknown: M[];
}

/** Rooms with lost answers are asked about again after this time, in milliseconds. */
const RECOVERY_MS = 1000;
/** Messages with lost answers that are remembered per room; readers find older ones by the hole in the sequence. */
const UNKNOWN = 1000;

/**
 * Stores messages in batches: what arrives while a transaction is under way goes together into the next one. A room is in one transaction
 * at a time, so its messages are told in the order of their sequence.
 */
export class ChatWriter<M extends OutgoingMessage> {
  readonly #store: ChatStore<M>;
  readonly #limits: ChatLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #rooms = new Map<string, Room<M>>();
  /** Rooms that wait for a lane, in their order. */
  readonly #ready = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #waiting = 0;
  #isPumping = false;
  #sweeper: NodeJS.Timeout | undefined;
  #recovery: NodeJS.Timeout | undefined;
  #recovering: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: {
    readonly store: ChatStore<M>;
    readonly limits: ChatLimits;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#store = options.store;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Resolves once the message is stored or refused. Rejects with UNAVAILABLE when it is not known to be, or the queue is full. */
  submit(message: M): Promise<StoreOutcome> {
    const room = this.#room(message.streamId);
    if (this.#isClosed) return Promise.reject(unavailable('the server is stopping'));
    if (room.waiting.length >= this.#limits.queuePerRoom || this.#waiting >= this.#limits.queueTotal) {
      this.#forget(message.streamId, room);
      return Promise.reject(unavailable(`${room.waiting.length} messages of this chat wait to be stored`));
    }
    return new Promise((resolve, reject) => {
      room.waiting.push({ message, submittedMs: this.#clock.monotonicMs(), resolve, reject });
      this.#waiting += 1;
      if (!room.isBusy) this.#ready.add(message.streamId);
      this.#sweeper ??= setInterval(() => this.#sweep(), 100).unref();
      this.#soonPump();
    });
  }

  /** Refuses those that wait and match; what is already in a transaction the database decides on. */
  refuse(matches: (message: M) => boolean, error: (message: M) => Error): void {
    for (const streamId of [...this.#rooms.keys()]) {
      this.#rejectWaiting(streamId, (entry) => (matches(entry.message) ? error(entry.message) : undefined));
    }
  }

  /** Resolves when every transaction that is under way now has ended and its messages, and those with lost answers, were told. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay, this.#recovering]);
  }

  /** Refuses what waits and lets what is under way end; idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    clearTimeout(this.#recovery);
    for (const streamId of [...this.#rooms.keys()]) {
      this.#rejectWaiting(streamId, () => unavailable('the server is stopping'));
    }
    await this.settled();
  }

  /** After the current callbacks, so that what arrives together is stored together. */
  #soonPump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#underWay.size < this.#limits.lanes && this.#ready.size > 0) {
      const batch = this.#take();
      const work: Promise<void> = this.#run(batch).finally(() => {
        this.#underWay.delete(work);
        this.#pump();
      });
      this.#underWay.add(work);
    }
  }

  #take(): readonly Entry<M>[] {
    const batch: Entry<M>[] = [];
    for (const streamId of this.#ready) {
      const room = this.#room(streamId);
      batch.push(...room.waiting.splice(0, this.#limits.batchSize - batch.length));
      room.isBusy = true;
      this.#ready.delete(streamId);
      if (batch.length >= this.#limits.batchSize) break;
    }
    this.#waiting -= batch.length;
    return batch;
  }

  async #run(batch: readonly Entry<M>[]): Promise<void> {
    const rooms = new Set(batch.map(({ message }) => message.streamId));
    // The sender is not kept waiting for a database that says nothing; the message is told when it turns out to be stored.
    const deadline = setTimeout(() => {
      for (const entry of batch) entry.reject(unavailable('the database does not answer'));
    }, this.#limits.answerMs);
    try {
      const outcomes = await this.#store.store(batch.map(({ message }) => message));
      for (const streamId of rooms) await this.#recover(streamId);
      for (const [index, entry] of batch.entries())
        this.#tell(entry, outcomes[index] ?? { outcome: 'failed' });
    } catch (error) {
      this.#log.warn(
        { error, messages: batch.length },
        'chat messages could not be stored, or it is not known',
      );
      for (const { message, reject } of batch) {
        const { unknown } = this.#room(message.streamId);
        unknown.push(message);
        if (unknown.length > UNKNOWN) unknown.shift();
        reject(unavailable('the message may not have been stored'));
      }
      this.#scheduleRecovery();
    } finally {
      clearTimeout(deadline);
      for (const streamId of rooms) this.#release(streamId);
    }
  }

  #tell(entry: Entry<M>, outcome: StoreOutcome): void {
    if (outcome.outcome === 'sent') this.#store.onStored(entry.message, outcome);
    entry.resolve(outcome);
  }

  /** Tells of messages that were stored although no answer came. */
  async #recover(streamId: string): Promise<void> {
    const { unknown } = this.#room(streamId);
    if (unknown.length === 0) return;
    const found = await this.#store.find(
      streamId,
      unknown.map(({ id }) => id),
    );
    const messages = new Map(unknown.map((message) => [message.id, message]));
    unknown.length = 0;
    for (const stored of found) {
      const message = messages.get(stored.id);
      if (message !== undefined) this.#store.onStored(message, stored);
    }
  }

  #scheduleRecovery(): void {
    if (this.#isClosed) return;
    this.#recovery ??= setTimeout(() => {
      this.#recovery = undefined;
      this.#recovering = this.#recoverIdle();
    }, RECOVERY_MS).unref();
  }

  async #recoverIdle(): Promise<void> {
    for (const [streamId, room] of [...this.#rooms]) {
      if (room.unknown.length === 0 || room.isBusy) continue;
      room.isBusy = true;
      this.#ready.delete(streamId);
      try {
        await this.#recover(streamId);
      } catch (error) {
        this.#log.debug({ error, streamId }, 'lost answers are still unknown');
      } finally {
        this.#release(streamId);
      }
    }
    if ([...this.#rooms.values()].some(({ unknown }) => unknown.length > 0)) this.#scheduleRecovery();
  }

  #release(streamId: string): void {
    const room = this.#room(streamId);
    room.isBusy = false;
    if (room.waiting.length > 0) {
      this.#ready.add(streamId);
      this.#soonPump();
    }
    this.#forget(streamId, room);
  }

  #sweep(): void {
    const beforeMs = this.#clock.monotonicMs() - this.#limits.answerMs;
    for (const streamId of [...this.#rooms.keys()]) {
      this.#rejectWaiting(streamId, ({ submittedMs }) =>
        submittedMs <= beforeMs ? unavailable('the database does not answer') : undefined,
      );
    }
    if (this.#waiting === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
  }

  #rejectWaiting(streamId: string, why: (entry: Entry<M>) => Error | undefined): void {
    const room = this.#rooms.get(streamId);
    if (room === undefined || room.waiting.length === 0) return;
    const kept: Entry<M>[] = [];
    for (const entry of room.waiting) {
      const error = why(entry);
      if (error === undefined) kept.push(entry);
      else entry.reject(error);
    }
    this.#waiting -= room.waiting.length - kept.length;
    room.waiting = kept;
    if (kept.length === 0) this.#ready.delete(streamId);
    this.#forget(streamId, room);
  }

  #room(streamId: string): Room<M> {
    const known = this.#rooms.get(streamId);
    if (known !== undefined) return known;
    const room: Room<M> = { waiting: [], isBusy: false, unknown: [] };
    this.#rooms.set(streamId, room);
    return room;
  }

  #forget(streamId: string, room: Room<M>): void {
    if (room.waiting.length === 0 && !room.isBusy && room.unknown.length === 0) this.#rooms.delete(streamId);
  }
}

function unavailable(why: string): Error {
  return liveError('UNAVAILABLE', `Chat is not available: ${why}. Send it again with the same clientId.`, {
    retryAfterSeconds: 2,
  });
}
