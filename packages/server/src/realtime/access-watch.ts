import { LIVE_EVENTS } from '@tallylight/protocol/realtime/event-names.ts';
import type { ActorResolver } from '../api/actor.ts';
import type { ControlEventMap, ControlEvents } from '../control/control-events.ts';
import type { Logger } from '../platform/logger.ts';
import { actorOf, isOutage } from './handshake.ts';
import type { Members } from './members.ts';
import { personRoom, type RoomAdapter, viewersRoom } from './room-adapter.ts';
import type { RoomNamespace, RoomSocket, SocketState } from './room-socket.ts';
import type { Rooms } from './rooms.ts';
import { Turnstile } from './turnstile.ts';

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
/** Before a question without an answer is asked again, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Closes or downgrades connections whose rights changed: signed out, disabled, banned, another role, a stream made private. Asks again
 * rather than guess; while the database is away it goes on asking, and closes only who could not be asked about for two reviews.
 */
export class AccessWatch {
  readonly #options: AccessWatchOptions;
  readonly #review: NodeJS.Timeout;
  readonly #stop: () => void;
  readonly #retries = new Turnstile(AT_ONCE);
  /** Connections about which the database gave no answer, and since when. */
  readonly #unanswered = new Map<RoomSocket, number>();
  #isClosed = false;
  /** The stream whose end was told as a deletion just now. */
  #endedByDeletion: string | undefined;

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
    const onEnded = ({ streamId, reason }: ControlEventMap['stream-ended'][0]): void => {
      if (reason === 'deleted') this.#endedByDeletion = streamId;
    };
    const onDeleted = ({ streamId }: ControlEventMap['stream-deleted'][0]): void => this.#deleted(streamId);
    const onChannel = ({ channelId }: ControlEventMap['channel-changed'][0]): void =>
      logged(() => inTurn(options.rooms.ofChannel(channelId), (id) => this.#stream(id)));
    const onMissed = (): void => {
      options.adapter.forget(() => true);
      logged(() => this.#everybody(true));
    };
    events.on('channel-changed', onChannel);
    events.on('access-missed', onMissed);
    events.on('stream-ended', onEnded);
    events.on('access-changed', onAccess);
    events.on('user-barred', onBarred);
    events.on('stream-updated', onUpdated);
    events.on('stream-deleted', onDeleted);
    this.#stop = () => {
      events.off('channel-changed', onChannel);
      events.off('access-missed', onMissed);
      events.off('stream-ended', onEnded);
      events.off('access-changed', onAccess);
      events.off('user-barred', onBarred);
      events.off('stream-updated', onUpdated);
      events.off('stream-deleted', onDeleted);
    };
    this.#review = setInterval(() => logged(() => this.#everybody()), options.reviewMs).unref();
  }

  /** Watches no more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#review);
    this.#stop();
  }

  /** Finds out anew who the connections of a person are, and where they may be. */
  async #person(userId: string): Promise<void> {
    this.#options.adapter.forget((state) => (state as SocketState).actor.userId === userId);
    await inTurn(this.#socketsOf(personRoom(userId)), (socket) => this.#ask(socket));
  }

  /** Asks anew who a connection is and where it may be. */
  #ask(socket: RoomSocket): Promise<void> {
    return this.#answered(socket, async () => {
      const { actors, log } = this.#options;
      const before = socket.data.actor;
      try {
        const actor = await actorOf(socket.handshake, actors);
        if (actor.userId !== before.userId) throw new Error('another person, or nobody');
        socket.data.actor = actor;
      } catch (error) {
        if (isOutage(error)) throw error;
        log.info({ userId: before.userId, why: String(error) }, 'a connection lost its rights and is closed');
        socket.disconnect(true);
        return;
      }
      await this.#reviewAll(socket, [...socket.data.memberships.keys()]);
    });
  }

  async #reviewAll(socket: RoomSocket, streamIds: readonly string[]): Promise<void> {
    for (const streamId of streamIds) await this.#options.members.review(socket, streamId);
  }

  /**
   * Does it now, or, beside all else, when the database answers again: an outage puts nobody out. A connection about which nothing can be
   * found out for two reviews is closed.
   */
  async #answered(socket: RoomSocket, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#unanswered.delete(socket);
    } catch (error) {
      const isAskedAgain = this.#unanswered.has(socket);
      if (this.#isClosed || isAskedAgain) return;
      this.#options.log.warn({ err: error }, 'a connection cannot be reviewed now');
      this.#unanswered.set(socket, performance.now());
      this.#retry(socket);
    }
  }

  #retry(socket: RoomSocket): void {
    const again = async (): Promise<void> => {
      const sinceMs = this.#unanswered.get(socket);
      // Answered in the meantime.
      if (sinceMs === undefined) return;
      if (socket.connected && !this.#isClosed) await this.#ask(socket);
      if (!this.#unanswered.has(socket)) return;
      const isLate = performance.now() - sinceMs >= 2 * this.#options.reviewMs;
      if (this.#isClosed || !socket.connected || isLate) {
        this.#unanswered.delete(socket);
        if (isLate) socket.disconnect(true);
      } else this.#retry(socket);
    };
    setTimeout(() => void this.#retries.pass(again), RETRY_MS).unref();
  }

  async #barred({
    channelId,
    streamId,
    userId,
    kind,
    expiresAt,
  }: ControlEventMap['user-barred'][0]): Promise<void> {
    const { rooms, adapter } = this.#options;
    const streams = streamId === undefined ? rooms.ofChannel(channelId) : [streamId];
    if (kind === 'ban') adapter.forget((state) => (state as SocketState).actor.userId === userId);
    const person = personRoom(userId);
    for (const id of streams) {
      const told = { streamId: id, userId, kind, ...(expiresAt === undefined ? {} : { expiresAt }) };
      rooms.tellModerators(id, LIVE_EVENTS.USER_BANNED, told);
      rooms.tellPerson(userId, LIVE_EVENTS.USER_BANNED, told);
    }
    await inTurn(this.#socketsOf(person), (socket) =>
      this.#answered(socket, () => this.#reviewAll(socket, streams)),
    );
  }

  async #stream(streamId: string): Promise<void> {
    const room = viewersRoom(streamId);
    this.#options.adapter.forget((_, rooms) => rooms.includes(room));
    await inTurn(this.#socketsOf(room), (socket) =>
      this.#answered(socket, () => this.#reviewAll(socket, [streamId])),
    );
  }

  #deleted(streamId: string): void {
    const { rooms, members, adapter } = this.#options;
    const room = viewersRoom(streamId);
    if (this.#endedByDeletion !== streamId)
      rooms.tell(streamId, 'stream:end', { streamId, reason: 'deleted' });
    this.#endedByDeletion = undefined;
    adapter.forget((_, names) => names.includes(room));
    for (const socket of this.#socketsOf(room)) members.leave(socket, streamId);
  }

  /** Tokens run out without anybody saying so. With who did not sign in: a channel may have become private. */
  async #everybody(withNobody = false): Promise<void> {
    const asked = [...this.#options.namespace.sockets.values()].filter(
      ({ data }) => withNobody || data.actor.userId !== undefined,
    );
    await inTurn(asked, (socket) => this.#ask(socket));
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
