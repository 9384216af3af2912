import { LIVE_EVENTS } from '@tallylight/protocol/realtime/event-names.ts';
import type { ActorResolver } from '../api/actor.ts';
import type { ControlEventMap, ControlEvents } from '../control/control-events.ts';
import type { Logger } from '../platform/logger.ts';
import { actorOf } from './handshake.ts';
import type { Members } from './members.ts';
import { personRoom, type RoomAdapter, viewersRoom } from './room-adapter.ts';
import type { RoomNamespace, RoomSocket, SocketState } from './room-socket.ts';
import type { Rooms } from './rooms.ts';

/** What {@link AccessWatch} is made of. */
export interface AccessWatchOptions {
  readonly events: ControlEvents;
  readonly namespace: RoomNamespace;
  readonly adapter: RoomAdapter;
  readonly actors: ActorResolver;
  readonly members: Members;
  readonly rooms: Rooms;
  readonly log: Logger;
  /** See `RealtimeLimits.reviewMs`. */
  readonly reviewMs: number;
}

/** Fields of a stream that decide who may be in its room. */
const DECISIVE = ['visibility', 'channelId', 'broadcasterId'] as const;
/** Connections that are asked about at the same time: the others of the server need the database too. */
const AT_ONCE = 4;

/**
 * Closes or downgrades connections whose rights changed: signed out, disabled, banned, another role, a stream made private. Asks again
 * rather than guess, and closes when there is no answer.
 */
export class AccessWatch {
  readonly #options: AccessWatchOptions;
  readonly #review: NodeJS.Timeout;
  readonly #stop: () => void;

  constructor(options: AccessWatchOptions) {
    this.#options = options;
    const { events, log } = options;
    const logged = (work: () => Promise<unknown>): void => {
      options.members.outdate();
      work().catch((error: unknown) => log.error({ err: error }, 'could not review connections'));
    };
    const onAccess = ({ userId }: ControlEventMap['access-changed'][0]): void =>
      logged(() => this.#person(userId));
    const onBarred = (told: ControlEventMap['user-barred'][0]): void => logged(() => this.#barred(told));
    const onUpdated = ({ streamId, changes }: ControlEventMap['stream-updated'][0]): void => {
      if (DECISIVE.some((name) => changes[name] !== undefined)) logged(() => this.#stream(streamId));
    };
    const onDeleted = ({ streamId }: ControlEventMap['stream-deleted'][0]): void => this.#deleted(streamId);
    events.on('access-changed', onAccess);
    events.on('user-barred', onBarred);
    events.on('stream-updated', onUpdated);
    events.on('stream-deleted', onDeleted);
    this.#stop = () => {
      events.off('access-changed', onAccess);
      events.off('user-barred', onBarred);
      events.off('stream-updated', onUpdated);
      events.off('stream-deleted', onDeleted);
    };
    this.#review = setInterval(() => logged(() => this.#everybody()), options.reviewMs).unref();
  }

  /** Watches no more. */
  close(): void {
    clearInterval(this.#review);
    this.#stop();
  }

  /** Finds out anew who the connections of a person are, and where they may be. */
  async #person(userId: string): Promise<void> {
    this.#options.adapter.forget((state) => (state as SocketState).actor.userId === userId);
    await inTurn(this.#socketsOf(personRoom(userId)), (socket) => this.#ask(socket));
  }

  async #ask(socket: RoomSocket): Promise<void> {
    const { actors, members, log } = this.#options;
    const before = socket.data.actor;
    try {
      const actor = await actorOf(socket.handshake, actors);
      if (actor.userId !== before.userId) throw new Error('another person, or nobody');
      socket.data.actor = actor;
    } catch (error) {
      log.info({ userId: before.userId, why: String(error) }, 'a connection lost its rights and is closed');
      socket.disconnect(true);
      return;
    }
    for (const streamId of [...socket.data.memberships.keys()]) await members.review(socket, streamId);
  }

  async #barred({
    channelId,
    streamId,
    userId,
    kind,
    expiresAt,
  }: ControlEventMap['user-barred'][0]): Promise<void> {
    const { rooms, adapter, members } = this.#options;
    const streams = streamId === undefined ? rooms.ofChannel(channelId) : [streamId];
    if (kind === 'ban') adapter.forget((state) => (state as SocketState).actor.userId === userId);
    const person = personRoom(userId);
    for (const id of streams) {
      const told = { streamId: id, userId, kind, ...(expiresAt === undefined ? {} : { expiresAt }) };
      rooms.tellModerators(id, LIVE_EVENTS.USER_BANNED, told);
      rooms.tellPerson(userId, LIVE_EVENTS.USER_BANNED, told);
    }
    await inTurn(this.#socketsOf(person), async (socket) => {
      for (const id of streams) await members.review(socket, id);
    });
  }

  async #stream(streamId: string): Promise<void> {
    const room = viewersRoom(streamId);
    this.#options.adapter.forget((_, rooms) => rooms.includes(room));
    await inTurn(this.#socketsOf(room), (socket) => this.#options.members.review(socket, streamId));
  }

  #deleted(streamId: string): void {
    const { rooms, members, adapter } = this.#options;
    const room = viewersRoom(streamId);
    rooms.tell(streamId, 'stream:end', { streamId, reason: 'deleted' });
    adapter.forget((_, names) => names.includes(room));
    for (const socket of this.#socketsOf(room)) members.leave(socket, streamId);
  }

  /** Tokens run out without anybody saying so. */
  async #everybody(): Promise<void> {
    const signedIn = [...this.#options.namespace.sockets.values()].filter(
      ({ data }) => data.actor.userId !== undefined,
    );
    await inTurn(signedIn, (socket) => this.#ask(socket));
  }

  #socketsOf(room: string): RoomSocket[] {
    const { namespace, adapter } = this.#options;
    return [...(adapter.rooms.get(room) ?? [])].flatMap((id) => namespace.sockets.get(id) ?? []);
  }
}

/** Works through a list, a few at a time. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of waiting) await work(item);
    }),
  );
}
