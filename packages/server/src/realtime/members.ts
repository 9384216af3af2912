import { LivestreamError, liveError, StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import { SOCKET_EVENTS } from '@tallylight/protocol/realtime/event-names.ts';
import type { Actor } from '../api/actor.ts';
import type { Playbacks } from './playbacks.ts';
import type { PlaybackJoin, StreamAccess, StreamRights } from './ports.ts';
import { channelRoom, moderatorsRoom, viewersRoom } from './room-adapter.ts';
import type { Membership, RoomSocket } from './room-socket.ts';
import type { Rooms } from './rooms.ts';
import { Turnstile } from './turnstile.ts';

/** Connections of the database that joins may take: the pool has ten. */
const QUESTIONS_AT_ONCE = 3;

/** How a connection enters a room. */
export interface Entry {
  readonly streamId: string;
  /** What it plays. Absent: it only listens, or goes on with what it played. */
  readonly sessionId?: string | undefined;
  /** By `channel:join`: counts as a viewer even without a session of its own. */
  readonly isChannel?: boolean;
}

/** What {@link Members} is made of. */
export interface MembersOptions {
  readonly rooms: Rooms;
  readonly playbacks: Playbacks;
  readonly access: StreamAccess;
  /** See `RealtimeLimits.roomsPerSocket`. */
  readonly roomsPerSocket: number;
}

/** Who is in which room: the only place where connections enter and leave them. */
export class Members {
  readonly #options: MembersOptions;
  readonly #turnstile = new Turnstile(QUESTIONS_AT_ONCE);
  readonly #asking = new Map<string, Promise<StreamRights | undefined>>();
  /** How often rights have changed. */
  #changes = 0;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /**
   * Lets a connection into the room of a stream, once the access says yes. Rejects with STREAM_NOT_FOUND when it says no, RATE_LIMITED
   * above the limit of rooms.
   */
  async enter(socket: RoomSocket, entry: Entry): Promise<Membership> {
    const { streamId } = entry;
    const { memberships, entering } = socket.data;
    const isNew = !memberships.has(streamId) && !entering.has(streamId);
    // Those under way count: several may be asked for at once.
    const most = this.#options.roomsPerSocket;
    if (isNew && new Set([...memberships.keys(), ...entering]).size >= most) {
      throw liveError('RATE_LIMITED', `a connection may be in ${most} streams`);
    }
    if (!isNew) return this.#enter(socket, entry);
    entering.add(streamId);
    try {
      return await this.#enter(socket, entry);
    } finally {
      entering.delete(streamId);
    }
  }

  async #enter(socket: RoomSocket, entry: Entry, tries = 3): Promise<Membership> {
    const { streamId } = entry;
    const { memberships, actor } = socket.data;
    const rights = await this.#rightsOn(socket, streamId);
    if (rights === undefined) throw new StreamNotFoundError(streamId);
    // Asked for in the meantime: gone, or another person. The same one, asked about anew, may have other rights by now.
    const { actor: now } = socket.data;
    if (socket.connected && now !== actor && now.userId === actor.userId && tries > 1)
      return await this.#enter(socket, entry, tries - 1);
    if (!socket.connected || now !== actor) throw liveError('CONFLICT', 'the connection changed');
    const before = memberships.get(streamId);
    const membership: Membership = {
      ...rights,
      streamId,
      isChannel: entry.isChannel === true || before?.isChannel === true,
      ...(before?.playback === undefined ? {} : { playback: before.playback }),
    };
    memberships.set(streamId, membership);
    if (before === undefined) this.#options.rooms.enter(streamId, rights.channelId);
    this.#enterRooms(socket, membership);
    const playback = this.#playbackOf(socket, entry, before?.playback);
    if (playback === undefined || playback.sessionId === before?.playback?.sessionId) return membership;
    return this.#play(socket, entry, { playback, isNew: before === undefined });
  }

  /** Counts a playback of a connection that is in the room by now: it is held only when it is counted. */
  async #play(
    socket: RoomSocket,
    { streamId, sessionId }: Entry,
    { playback, isNew }: { readonly playback: PlaybackJoin; readonly isNew: boolean },
  ): Promise<Membership> {
    const { memberships } = socket.data;
    const { playbacks } = this.#options;
    try {
      await playbacks.enter(socket.id, playback);
    } catch (error) {
      const now = memberships.get(streamId);
      // Who comes by its channel only listens, and may do so after the end too.
      if (sessionId === undefined && isOver(error) && now !== undefined) return now;
      // Who is told no is not in the room, unless it was there before.
      if (isNew && socket.connected) this.leave(socket, streamId);
      throw error;
    }
    const now = memberships.get(streamId);
    if (now === undefined || !socket.connected) {
      playbacks.exit(socket.id, playback, now !== undefined);
      throw liveError('CONFLICT', 'the connection left meanwhile');
    }
    const membership: Membership = { ...now, playback };
    memberships.set(streamId, membership);
    // One playback per connection and stream: nobody counts twice.
    if (now.playback !== undefined && now.playback.sessionId !== playback.sessionId)
      playbacks.exit(socket.id, now.playback, false);
    return membership;
  }

  /**
   * Takes a connection out of a room.
   * @param isLost the connection broke and may come back.
   */
  leave(socket: RoomSocket, streamId: string, isLost = false): void {
    const membership = socket.data.memberships.get(streamId);
    if (membership === undefined) return;
    // What is lost keeps its memberships and Socket.IO's rooms: it may come back with them.
    if (!isLost) {
      socket.data.memberships.delete(streamId);
      for (const room of [viewersRoom, channelRoom, moderatorsRoom]) void socket.leave(room(streamId));
    }
    if (membership.playback !== undefined) {
      this.#options.playbacks.exit(socket.id, membership.playback, isLost);
    }
    this.#options.rooms.exit(streamId);
  }

  /** Takes a connection out of every room. */
  leaveAll(socket: RoomSocket, isLost: boolean): void {
    for (const streamId of [...socket.data.memberships.keys()]) this.leave(socket, streamId, isLost);
  }

  /** Lets a connection that came back into the rooms that it was in, as far as it still may. */
  async return(socket: RoomSocket): Promise<void> {
    const before = [...socket.data.memberships.values()];
    socket.data.memberships = new Map();
    for (const { streamId, playback, isChannel } of before) {
      try {
        await this.enter(socket, { streamId, isChannel, sessionId: playback?.sessionId }).catch((error) => {
          if (!isOver(error)) throw error;
          return this.enter(socket, { streamId });
        });
      } catch {
        void socket.leave(viewersRoom(streamId));
        tellOut(socket, streamId);
      }
    }
  }

  /** Asks the access again about a connection in a room, and puts it out when it says no. Rejects when there is no answer now. */
  async review(socket: RoomSocket, streamId: string): Promise<boolean> {
    const before = socket.data.memberships.get(streamId);
    if (before === undefined) return false;
    const rights = await this.#rightsOn(socket, streamId);
    const now = socket.data.memberships.get(streamId);
    if (now === undefined) return false;
    if (rights === undefined) {
      this.putOut(socket, streamId);
      return false;
    }
    const membership = { ...now, ...rights };
    socket.data.memberships.set(streamId, membership);
    this.#enterRooms(socket, membership);
    return true;
  }

  /** Takes a connection out of a room that it was in, and tells it: there is no such stream for it any more. */
  putOut(socket: RoomSocket, streamId: string): void {
    if (!socket.data.memberships.has(streamId)) return;
    this.leave(socket, streamId);
    tellOut(socket, streamId);
  }

  /** Whether somebody may be in the room of a stream now. Rejects when there is no answer. */
  async mayEnter(actor: Actor, streamId: string): Promise<boolean> {
    return (await this.#latest(actor, streamId)) !== undefined;
  }

  /** Rights changed somewhere: an answer that is on its way may be of before. */
  outdate(): void {
    this.#changes++;
    this.#asking.clear();
  }

  #rightsOn(socket: RoomSocket, streamId: string): Promise<StreamRights | undefined> {
    return this.#latest(socket.data.actor, streamId);
  }

  async #latest(actor: Actor, streamId: string): Promise<StreamRights | undefined> {
    for (;;) {
      const changes = this.#changes;
      const rights = await this.#ask(actor, streamId);
      if (changes === this.#changes || rights === undefined) return rights;
    }
  }

  /** The same question, asked while it is being answered, gets the same answer: most of a crowd is nobody. */
  #ask(actor: Actor, streamId: string): Promise<StreamRights | undefined> {
    const key = JSON.stringify([actor.role, actor.userId, streamId]);
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#turnstile
      .pass(() => this.#options.access.rightsOn(actor, streamId))
      .finally(() => {
        if (this.#asking.get(key) === asking) this.#asking.delete(key);
      });
    this.#asking.set(key, asking);
    return asking;
  }

  #enterRooms(socket: RoomSocket, { streamId, isChannel, moderates }: Membership): void {
    void socket.join(viewersRoom(streamId));
    if (isChannel) void socket.join(channelRoom(streamId));
    if (moderates) void socket.join(moderatorsRoom(streamId));
    else void socket.leave(moderatorsRoom(streamId));
  }

  #playbackOf(
    socket: RoomSocket,
    { streamId, sessionId, isChannel }: Entry,
    before: PlaybackJoin | undefined,
  ): PlaybackJoin | undefined {
    const { actor, address, userAgent } = socket.data;
    const id = sessionId ?? before?.sessionId ?? (isChannel === true ? `socket-${socket.id}` : undefined);
    return id === undefined ? undefined : { streamId, sessionId: id, actor, address, userAgent };
  }
}

/** The stream has ended: one may be in its room, but not play it. */
function isOver(error: unknown): boolean {
  return error instanceof LivestreamError && error.code === 'STREAM_NOT_LIVE';
}

function tellOut(socket: RoomSocket, streamId: string): void {
  const { code, message } = new StreamNotFoundError(streamId);
  socket.emit(SOCKET_EVENTS.STREAM_ERROR, { streamId, error: message, code });
}
