import {
  liveError,
  StreamNotFoundError,
  StreamNotLiveError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ControlEventMap, ControlEvents } from '../control-events.ts';
import { type AdmissionRow, type Asker, admissionRows } from './repository.ts';

/** What the rules of reacting ask about one user and one stream. */
export interface Admission extends AdmissionRow {
  /** Until when it may be taken as true, on the monotonic clock. */
  readonly untilMs: number;
}

/** Somebody who is to be asked about, and whoever waits for it. */
interface Waiting extends Asker {
  readonly answer: PromiseWithResolvers<AdmissionRow | undefined>;
}

/** People asked about in one statement at most. */
const MOST_AT_ONCE = 1000;

/** Where to ask, and for how long an answer holds. */
export interface ReactionAdmissionOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Pairs of user and stream that wait to be asked about at most. */
  readonly maxAsking: number;
}

/** Changes of a stream after which its rules must be asked again; others, such as counts, change nothing here. */
const RULES = ['status', 'enableReactions', 'visibility', 'channelId'] as const;

/** Who may react to what: asked of the database once, then kept until an event says otherwise. */
export class ReactionAdmission {
  readonly #options: ReactionAdmissionOptions;
  /** By stream, then by user. */
  readonly #kept = new Map<string, Map<string, Admission>>();
  readonly #unlisten: () => void;
  /** By stream and user, in the order in which they came. */
  readonly #waiting = new Map<string, Waiting>();
  #isAsking = false;
  #size = 0;
  /** Rises whenever something is forgotten, so that an answer asked before is not kept after. */
  #generation = 0;

  constructor(options: ReactionAdmissionOptions) {
    this.#options = options;
    this.#unlisten = this.#listen(options.events);
  }

  /** What is known without asking. */
  known(userId: string, streamId: string): Admission | undefined {
    const admission = this.#kept.get(streamId)?.get(userId);
    if (admission === undefined || admission.untilMs <= this.#options.clock.monotonicMs()) return undefined;
    return admission;
  }

  /**
   * Asks the database: one statement for everybody who came while the last one ran, so that a room of thousands that reacts for the first
   * time takes no more than one connection, and nobody is asked about twice in it. Rejects with STREAM_NOT_FOUND for a stream that the user
   * may not see, with UNAVAILABLE when too many wait already.
   */
  async ask(actor: Actor, userId: string, streamId: string): Promise<Admission> {
    const generation = this.#generation;
    const row = await this.#enqueue({ streamId, userId, isAdmin: actor.role === 'admin' });
    if (row === undefined) throw new StreamNotFoundError(streamId);
    const admission: Admission = { ...row, untilMs: this.#options.clock.monotonicMs() + this.#options.ttlMs };
    if (generation === this.#generation) this.#keep(streamId, userId, admission);
    return admission;
  }

  /** Listens no more. */
  close(): void {
    this.#unlisten();
  }

  #enqueue(asker: Asker): Promise<AdmissionRow | undefined> {
    const key = keyOf(asker);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.answer.promise;
    if (this.#waiting.size >= this.#options.maxAsking) {
      throw liveError('UNAVAILABLE', 'too many react for the first time now', { retryAfterSeconds: 1 });
    }
    const answer = Promise.withResolvers<AdmissionRow | undefined>();
    this.#waiting.set(key, { ...asker, answer });
    if (!this.#isAsking) void this.#askAll();
    return answer.promise;
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    // Whoever comes in this turn of the event loop is asked about together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, MOST_AT_ONCE);
      for (const asker of batch) this.#waiting.delete(keyOf(asker));
      try {
        const rows = await this.#options.database.asService((tx) => admissionRows(tx, batch));
        for (const [at, { answer }] of batch.entries()) answer.resolve(rows[at]);
      } catch (error) {
        for (const { answer } of batch) answer.reject(error);
      }
    }
    this.#isAsking = false;
  }

  #keep(streamId: string, userId: string, admission: Admission): void {
    if (this.#size >= this.#options.maxEntries) this.#forgetAll();
    const ofStream = this.#kept.get(streamId) ?? new Map<string, Admission>();
    this.#kept.set(streamId, ofStream);
    if (!ofStream.has(userId)) this.#size += 1;
    ofStream.set(userId, admission);
  }

  #forgetAll(): void {
    this.#generation += 1;
    this.#kept.clear();
    this.#size = 0;
  }

  #forgetStream(streamId: string): void {
    this.#generation += 1;
    this.#size -= this.#kept.get(streamId)?.size ?? 0;
    this.#kept.delete(streamId);
  }

  #forgetUser(userId: string): void {
    this.#generation += 1;
    for (const ofStream of this.#kept.values()) if (ofStream.delete(userId)) this.#size -= 1;
  }

  #listen(events: ControlEvents): () => void {
    const onStream = ({ streamId }: { readonly streamId: string }): void => this.#forgetStream(streamId);
    const onLive = ({ stream }: ControlEventMap['stream-live'][0]): void => this.#forgetStream(stream.id);
    const onUpdate = ({ streamId, changes }: ControlEventMap['stream-updated'][0]): void => {
      if (RULES.some((name) => name in changes)) this.#forgetStream(streamId);
    };
    const onUser = ({ userId }: { readonly userId: string }): void => this.#forgetUser(userId);
    events.on('stream-live', onLive).on('stream-updated', onUpdate);
    events.on('stream-ended', onStream).on('stream-deleted', onStream);
    events.on('user-barred', onUser).on('access-changed', onUser);
    // Nobody knows who is meant: everybody is asked about again.
    const onAll = (): void => this.#forgetAll();
    events.on('channel-changed', onAll).on('access-missed', onAll);
    return () => {
      events.off('stream-live', onLive).off('stream-updated', onUpdate);
      events.off('stream-ended', onStream).off('stream-deleted', onStream);
      events.off('user-barred', onUser).off('access-changed', onUser);
      events.off('channel-changed', onAll).off('access-missed', onAll);
    };
  }
}

/** An administrator's question is another one than the same person's without that right, such as by an API token. */
function keyOf({ streamId, userId, isAdmin }: Asker): string {
  return `${streamId} ${userId} ${isAdmin}`;
}

/** Throws what forbids it: not live, reactions off, banned, timed out. */
export function assertMayReact(admission: Admission, userId: string, streamId: string): void {
  if (admission.status !== 'live') throw new StreamNotLiveError(streamId);
  if (!admission.enableReactions)
    throw liveError('REACTIONS_DISABLED', 'Reactions are disabled for this stream', { streamId });
  if (admission.barred === 'ban') throw new ViewerBannedError(userId, streamId);
  if (admission.barred === 'timeout')
    throw liveError('VIEWER_TIMED_OUT', `User ${userId} is timed out in stream ${streamId}`);
}
