import type { StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { LIVE_EVENTS, SOCKET_EVENTS } from '@tallylight/protocol/realtime/event-names.ts';
import type { StreamSocketEvents } from '@tallylight/protocol/realtime/server-events.ts';
import type { Clock } from '../platform/clock.ts';
import type { ViewerPresence } from './ports.ts';
import { ReactionSums } from './reaction-sums.ts';
import type { RealtimeLimits } from './realtime-limits.ts';
import { channelRoom, moderatorsRoom, personRoom, type RoomAdapter, viewersRoom } from './room-adapter.ts';
import { RoomSender } from './room-sender.ts';
import { type ViewerSum, ViewerSums } from './viewer-sums.ts';

interface Room {
  readonly channelId: string;
  readonly sender: RoomSender;
  readonly viewers: ViewerSums;
  readonly reactions: ReactionSums;
  /** Connections in it. */
  size: number;
  /** Runs while nobody is in it. */
  closing: NodeJS.Timeout | undefined;
  toldCount: number;
}

/**
 * The rooms that somebody is in, and what is told there. One that everybody left stays for as long as they may come back and ask what they
 * missed.
 */
export class Rooms {
  readonly #adapter: RoomAdapter;
  readonly #presence: ViewerPresence;
  readonly #limits: RealtimeLimits;
  readonly #clock: Clock;
  readonly #rooms = new Map<string, Room>();

  constructor(adapter: RoomAdapter, presence: ViewerPresence, limits: RealtimeLimits, clock: Clock) {
    this.#adapter = adapter;
    this.#presence = presence;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Streams whose rooms are open. */
  get streamIds(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Open rooms of a channel's streams. */
  ofChannel(channelId: string): string[] {
    return [...this.#rooms].filter(([, room]) => room.channelId === channelId).map(([streamId]) => streamId);
  }

  /** One more connection in a room. */
  enter(streamId: string, channelId: string): void {
    const room = this.#rooms.get(streamId) ?? this.#open(streamId, channelId);
    clearTimeout(room.closing);
    room.closing = undefined;
    room.size++;
  }

  /** One less. */
  exit(streamId: string): void {
    const room = this.#rooms.get(streamId);
    if (room === undefined || --room.size > 0) return;
    room.closing = setTimeout(() => {
      closeRoom(room);
      this.#rooms.delete(streamId);
    }, this.#limits.recoveryMs).unref();
  }

  /** Tells everybody in a stream's room. */
  tell<E extends keyof StreamSocketEvents>(streamId: string, event: E, payload: StreamSocketEvents[E]): void {
    this.#rooms.get(streamId)?.sender.send(event, payload, true);
  }

  /** Tells its owners and moderators. */
  tellModerators<E extends keyof StreamSocketEvents>(
    streamId: string,
    event: E,
    payload: StreamSocketEvents[E],
  ): void {
    if (this.#rooms.has(streamId)) this.#write(moderatorsRoom(streamId), event, payload);
  }

  /** Tells who came by `channel:join`, under a name that only they know. */
  tellChannel(streamId: string, event: string, payload: unknown): void {
    if (this.#rooms.has(streamId)) this.#write(channelRoom(streamId), event, payload);
  }

  /** Tells every connection of a person, whatever rooms they are in. */
  tellPerson<E extends keyof StreamSocketEvents>(
    userId: string,
    event: E,
    payload: StreamSocketEvents[E],
  ): void {
    this.#write(personRoom(userId), event, payload);
  }

  /** Tells one room of Socket.IO; nothing is kept for who is away. */
  #write(room: string, event: string, payload: unknown): void {
    if (this.#adapter.rooms.has(room))
      this.#adapter.write(room, this.#adapter.frame(room, event, payload, false));
  }

  /** A viewer came to a stream. */
  viewerJoined(streamId: string, viewerId: string): void {
    this.#rooms.get(streamId)?.viewers.join(viewerId);
  }

  /** A viewer left it. */
  viewerLeft(streamId: string, viewerId: string): void {
    this.#rooms.get(streamId)?.viewers.leave(viewerId);
  }

  /** Somebody reacted. */
  reacted(reaction: StreamReaction): void {
    this.#rooms.get(reaction.streamId)?.reactions.add(reaction);
  }

  /** Tells what waits and stops every timer. */
  close(): void {
    for (const room of this.#rooms.values()) {
      room.sender.flush();
      closeRoom(room);
    }
    this.#rooms.clear();
  }

  #open(streamId: string, channelId: string): Room {
    const { viewerSumMs, reactionSumMs, singleReactions } = this.#limits;
    const sender = new RoomSender(this.#adapter, viewersRoom(streamId), {
      ...this.#limits,
      monotonicMs: () => this.#clock.monotonicMs(),
    });
    const room: Room = {
      channelId,
      sender,
      viewers: new ViewerSums(
        viewerSumMs,
        () => this.#clock.monotonicMs(),
        (sum) => this.#tellViewers(streamId, room, sum),
      ),
      reactions: new ReactionSums({
        streamId,
        intervalMs: reactionSumMs,
        singles: singleReactions,
        now: () => this.#clock.now(),
        tellSingle: (reaction) => sender.send(SOCKET_EVENTS.STREAM_REACTION, reaction, false),
        tellBursts: (bursts) => sender.send(LIVE_EVENTS.REACTION_BURST, { streamId, bursts }, false),
      }),
      size: 0,
      closing: undefined,
      toldCount: -1,
    };
    this.#rooms.set(streamId, room);
    return room;
  }

  #tellViewers(streamId: string, room: Room, sum: ViewerSum): void {
    const viewerCount = this.#presence.count(streamId);
    const { joined, lastJoined, left, lastLeft } = sum;
    const events: [string, unknown][] = [];
    if (lastJoined !== undefined)
      events.push([
        SOCKET_EVENTS.STREAM_VIEWER_JOINED,
        { streamId, viewerId: lastJoined, viewerCount, joined },
      ]);
    if (lastLeft !== undefined)
      events.push([SOCKET_EVENTS.STREAM_VIEWER_LEFT, { streamId, viewerId: lastLeft, viewerCount, left }]);
    // Who joined wants to know it, also when as many left.
    const isNews = viewerCount !== room.toldCount || joined > 0;
    if (isNews) events.push([SOCKET_EVENTS.STREAM_VIEWER_COUNT, { streamId, count: viewerCount }]);
    const name = viewersRoom(streamId);
    // One write for all of them; out of date a second later, so nothing to recover.
    const frames = events.map(([event, payload]) => this.#adapter.frame(name, event, payload, false));
    if (frames.length > 0) this.#adapter.write(name, Buffer.concat(frames));
    if (isNews) this.tellChannel(streamId, 'stream:viewerCount', { streamId, count: viewerCount });
    room.toldCount = viewerCount;
  }
}

function closeRoom({ sender, viewers, reactions, closing }: Room): void {
  clearTimeout(closing);
  sender.close();
  viewers.close();
  reactions.close();
}
