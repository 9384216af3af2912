import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { Actor } from '../api/actor.ts';
import type { Handshake } from './handshake.ts';
import type { PlaybackJoin } from './ports.ts';

/** That a connection is in the room of a stream. */
export interface Membership {
  readonly streamId: string;
  readonly channelId: string;
  readonly moderates: boolean;
  /** Came by `channel:join` and so hears the other names of some events. */
  readonly isChannel: boolean;
  /** What it plays; absent for who only listens. */
  readonly playback?: PlaybackJoin;
}

/** What is known of a connection. Socket.IO keeps it for a connection that is lost and comes back. */
export interface SocketState {
  actor: Actor;
  /** What the client said of itself as it connected: who it is can be asked again. */
  handshake: Handshake;
  address: string;
  userAgent: string | undefined;
  /** Rooms, by stream. */
  memberships: Map<string, Membership>;
  /** Streams whose rooms it is about to enter; they count as rooms. */
  entering: Set<string>;
}

/** A connection. */
export type RoomSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketState>;
/** All of them. */
export type RoomNamespace = Namespace<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketState>;
