import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ControlEvents } from '../control-events.ts';
import type { ChatLimits } from './chat-limits.ts';
import { readRoom, readStanding } from './chat-repository.ts';
import type { ChatRoom, ChatStanding } from './chat-room.ts';

interface Known<T> {
  readonly value: Promise<T>;
  readonly untilMs: number;
}

interface RoomEntry {
  room: Known<ChatRoom | undefined>;
  readonly people: Map<string, Known<ChatStanding | undefined>>;
}

/**
 * Remembers what every message asks: the room's settings, and who its author is there. Forgets it when an event tells of a change. What
 * changes without an event is noticed late here, and at once by the database's policies, which every message passes.
 */
export class ChatDirectory {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #limits: ChatLimits;
  readonly #rooms = new Map<string, RoomEntry>();
  readonly #unsubscribe: () => void;

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    readonly clock: Clock;
    readonly limits: ChatLimits;
  }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#unsubscribe = this.#listen(options.events);
  }

  /** The settings of a stream's chat; undefined when there is no such stream. */
  room(streamId: string): Promise<ChatRoom | undefined> {
    return this.#entry(streamId).room.value;
  }

  /** What the actor, who is signed in, is in that chat; undefined when the stream does not exist for them. */
  standing(actor: Actor & { readonly userId: string }, streamId: string): Promise<ChatStanding | undefined> {
    const { people } = this.#entry(streamId);
    const key = personKey(actor);
    const known = people.get(key);
    if (known !== undefined && known.untilMs > this.#clock.monotonicMs()) return known.value;
    const asked = this.#keep(this.#askStanding(actor, streamId), () => people.delete(key));
    people.delete(key);
    people.set(key, asked);
    if (people.size > this.#limits.cachedPeople) {
      const [oldest] = people.keys();
      if (oldest !== undefined) people.delete(oldest);
    }
    return asked.value;
  }

  /** Asks again next time, about that person there. */
  forgetPerson(actor: Actor, streamId: string): void {
    this.#rooms.get(streamId)?.people.delete(personKey(actor));
  }

  /** Asks again next time, about the room and everybody there. */
  forgetRoom(streamId: string): void {
    this.#rooms.delete(streamId);
  }

  /** Stops listening. */
  close(): void {
    this.#unsubscribe();
  }

  #entry(streamId: string): RoomEntry {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#rooms.get(streamId);
    if (known !== undefined && known.room.untilMs > nowMs) return known;
    const room = this.#keep(
      this.#database.asService((tx) => readRoom(tx, streamId)),
      () => this.forgetRoom(streamId),
    );
    if (known !== undefined) {
      known.room = room;
      return known;
    }
    for (const [id, entry] of this.#rooms) if (entry.room.untilMs <= nowMs) this.#rooms.delete(id);
    const entry = { room, people: new Map<string, Known<ChatStanding | undefined>>() };
    this.#rooms.set(streamId, entry);
    return entry;
  }

  /** Failures and absences are not remembered. */
  #keep<T>(value: Promise<T>, forget: () => void): Known<T> {
    value.then(
      (found) => {
        if (found === undefined) forget();
      },
      () => forget(),
    );
    return { value, untilMs: this.#clock.monotonicMs() + this.#limits.cacheMs };
  }

  async #askStanding(
    actor: Actor & { readonly userId: string },
    streamId: string,
  ): Promise<ChatStanding | undefined> {
    const row = await this.#database.asUser(actor, (tx) => readStanding(tx, streamId, actor.userId));
    if (row === undefined) return undefined;
    const nowMs = this.#clock.monotonicMs();
    return {
      isModerator: row.isModerator,
      isFollower: row.isFollower,
      isSubscriber: row.isSubscriber,
      barred:
        row.barredKind === undefined
          ? undefined
          : { kind: row.barredKind, untilMs: nowMs + (row.barredForMs ?? Number.POSITIVE_INFINITY) },
      accountSinceMs: nowMs - row.accountAgeMs,
      lastSentMs: row.lastSentAgoMs === undefined ? undefined : nowMs - row.lastSentAgoMs,
      author: row.author,
    };
  }

  #listen(events: ControlEvents): () => void {
    const forget = ({ streamId }: { readonly streamId: string }): void => this.forgetRoom(streamId);
    const forgetLive = ({ stream }: { readonly stream: { readonly id: string } }): void =>
      this.forgetRoom(stream.id);
    const forgetUser = ({ userId }: { readonly userId: string }): void => {
      for (const { people } of this.#rooms.values()) {
        for (const role of ['user', 'admin', 'anonymous'] as const)
          people.delete(personKey({ userId, role }));
      }
    };
    const streamEvents = ['stream-updated', 'stream-ended', 'stream-deleted'] as const;
    for (const name of streamEvents) events.on(name, forget);
    events.on('stream-live', forgetLive);
    events.on('user-barred', forgetUser);
    events.on('access-changed', forgetUser);
    // Nobody knows who is meant: everything is asked again.
    const forgetAll = (): void => this.#rooms.clear();
    events.on('channel-changed', forgetAll);
    events.on('access-missed', forgetAll);
    return () => {
      events.off('channel-changed', forgetAll);
      events.off('access-missed', forgetAll);
      for (const name of streamEvents) events.off(name, forget);
      events.off('stream-live', forgetLive);
      events.off('user-barred', forgetUser);
      events.off('access-changed', forgetUser);
    };
  }
}

function personKey({ userId, role }: Pick<Actor, 'userId' | 'role'>): string {
  return `${role}/${userId}`;
}
