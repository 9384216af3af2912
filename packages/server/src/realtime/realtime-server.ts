import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Acknowledgement } from '@tallylight/protocol/realtime/client-events.ts';
import { Server } from 'socket.io';
import type { ActorResolver } from '../api/actor.ts';
import type { OriginPolicy } from '../api/origin-policy.ts';
import type { ControlEvents } from '../control/control-events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { AccessWatch } from './access-watch.ts';
import { broadcastControlEvents } from './broadcasts.ts';
import { takeRequests } from './client-requests.ts';
import { guardConnection } from './connection-guard.ts';
import type { EngineSocket } from './engine-socket.ts';
import { EventBudget } from './event-budget.ts';
import { actorOf, publicError } from './handshake.ts';
import { Members } from './members.ts';
import { Playbacks } from './playbacks.ts';
import type { ChatPort, QuestionPort, ReactionPort, StreamAccess, ViewerPresence } from './ports.ts';
import { DEFAULT_REALTIME_LIMITS, type RealtimeLimits } from './realtime-limits.ts';
import { personRoom, RoomAdapter, viewersRoom } from './room-adapter.ts';
import type { RoomNamespace, RoomSocket, SocketState } from './room-socket.ts';
import { Rooms } from './rooms.ts';
import { SocketCap } from './socket-cap.ts';
import { Turnstile } from './turnstile.ts';

/** What a realtime server is made of. */
export interface RealtimeServerOptions {
  readonly events: ControlEvents;
  readonly actors: ActorResolver;
  /** Whose pages may connect; a client that sends no Origin is no browser and may. */
  readonly origins: OriginPolicy;
  /** The client's address as limits count it. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly access: StreamAccess;
  readonly presence: ViewerPresence;
  readonly chat: ChatPort;
  readonly reactions: ReactionPort;
  readonly questions: QuestionPort;
  readonly clock: Clock;
  readonly log: Logger;
  /** What differs from {@link DEFAULT_REALTIME_LIMITS}. */
  readonly limits?: Partial<RealtimeLimits>;
}

/** Path of Socket.IO's WebSockets, as its clients have it by default. */
export const REALTIME_PATH = '/socket.io/';

/** Connections of the database that handshakes may take: the pool has ten. */
const HANDSHAKES_AT_ONCE = 6;

/**
 * Socket.IO over WebSockets, rooms of streams, and nothing else: it listens nowhere and answers no plain request, it is handed upgrades.
 * What happens in the control plane goes out to rooms, what clients ask goes to the services.
 */
export class RealtimeServer {
  readonly #options: RealtimeServerOptions;
  readonly #limits: RealtimeLimits;
  readonly #cap: SocketCap;
  readonly #io: Server;
  /** Never listens: Socket.IO takes upgrades from an HTTP server only. */
  readonly #inner = createServer();
  readonly #rooms: Rooms;
  readonly #playbacks: Playbacks;
  readonly #members: Members;
  readonly #watch: AccessWatch;
  readonly #stopBroadcasts: () => void;
  #closing: Promise<void> | undefined;

  /** Listens to the control plane from now on. */
  constructor(options: RealtimeServerOptions) {
    this.#options = options;
    const { clock, log, presence, events, access, actors } = options;
    const limits = { ...DEFAULT_REALTIME_LIMITS, ...options.limits };
    this.#limits = limits;
    this.#cap = new SocketCap(limits);
    this.#io = this.#createIo();
    const namespace: RoomNamespace = this.#io.of('/');
    const adapter = namespace.adapter as RoomAdapter;
    this.#rooms = new Rooms(adapter, presence, limits, clock);
    this.#playbacks = new Playbacks(presence, log, limits.leaveGraceMs);
    this.#members = new Members({
      rooms: this.#rooms,
      playbacks: this.#playbacks,
      access,
      roomsPerSocket: limits.roomsPerSocket,
    });
    this.#stopBroadcasts = broadcastControlEvents(events, this.#rooms);
    const { reviewMs } = limits;
    const { rooms, members } = { rooms: this.#rooms, members: this.#members };
    this.#watch = new AccessWatch({ events, namespace, adapter, actors, members, rooms, log, reviewMs });
    this.#admit(namespace);
  }

  /** Connections now. */
  get sockets(): number {
    return this.#cap.size;
  }

  /** Rooms of streams that somebody is in. */
  get openRooms(): number {
    return this.#rooms.streamIds.length;
  }

  /** Takes an upgrade of {@link REALTIME_PATH}: refuses it with a status, or the connection is ours from now on. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A reset before Socket.IO listens must not end the process.
    socket.on('error', () => socket.destroy());
    const { origin } = request.headers;
    // A second connection for a session that is open is an upgrade from polling: there is no polling.
    if (this.#closing !== undefined) refuse(socket, 503);
    else if (!isPlainHandshake(request.url)) refuse(socket, 400);
    else if (origin !== undefined && !this.#options.origins.allows(origin, request)) refuse(socket, 403);
    else {
      const admitted = this.#cap.admit(
        this.#options.addressOf(request),
        request.headers['x-forwarded-for'] !== undefined,
      );
      if (typeof admitted === 'number') {
        refuse(socket, admitted);
        return;
      }
      socket.once('close', admitted);
      this.#inner.emit('upgrade', request, socket, head);
    }
  }

  /** Ends every connection; clients come back by themselves. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopBroadcasts();
    this.#watch.close();
    this.#rooms.close();
    // Its inner server was never open, which Socket.IO takes for an error of ours.
    await this.#io.close().catch(() => undefined);
    this.#playbacks.close();
  }

  #createIo(): Server {
    const { frameBytes, handshakeTimeoutMs, pingIntervalMs, pingTimeoutMs, recoveryMs } = this.#limits;
    const { clock, log } = this.#options;
    const adapterOptions = {
      ...this.#limits,
      monotonicMs: () => clock.monotonicMs(),
      roomsOf: (state: unknown) => this.#roomsOf(state as SocketState),
    };
    const io = new Server(this.#inner, {
      path: REALTIME_PATH,
      serveClient: false,
      transports: ['websocket'],
      allowUpgrades: false,
      httpCompression: false,
      perMessageDeflate: false,
      maxHttpBufferSize: frameBytes,
      pingInterval: pingIntervalMs,
      pingTimeout: pingTimeoutMs,
      connectTimeout: handshakeTimeoutMs,
      // Who comes back proves again who it is.
      connectionStateRecovery: { maxDisconnectionDuration: recoveryMs, skipMiddlewares: false },
      adapter: class extends RoomAdapter {
        constructor(namespace: unknown) {
          super(namespace, adapterOptions);
        }
      },
    });
    io.engine.on('connection', (engine: EngineSocket) =>
      guardConnection(engine, this.#limits, clock, (reason) => log.info({ reason }, 'a connection is cut')),
    );
    return io;
  }

  /** Rooms that a lost connection may come back to: what was said there meanwhile goes out before anybody is asked who they are. */
  async #roomsOf({ actor: before, handshake, memberships }: SocketState): Promise<readonly string[]> {
    const actor = await actorOf(handshake, this.#options.actors);
    if (actor.userId !== before.userId) return [];
    const ids = [...memberships.keys()];
    const allowed = await Promise.all(ids.map((id) => this.#members.mayEnter(actor, id)));
    return ids.filter((_, index) => allowed[index]).map(viewersRoom);
  }

  #admit(namespace: RoomNamespace): void {
    const { actors, clock, addressOf } = this.#options;
    const turnstile = new Turnstile(HANDSHAKES_AT_ONCE);
    const identify = async (socket: RoomSocket, next: (refusal?: Error) => void): Promise<void> => {
      let refusal: Error | undefined;
      try {
        const actor = await turnstile.pass(() => actorOf(socket.handshake, actors));
        const memberships = socket.recovered ? socket.data.memberships : new Map();
        const { auth, headers } = socket.handshake;
        const userAgent = headers['user-agent'];
        const address = addressOf(socket.request);
        const handshake = { auth, headers };
        socket.data = { actor, handshake, address, userAgent, memberships, entering: new Set() };
      } catch (error) {
        const data = publicError(error);
        refusal = Object.assign(new Error(data.message), { data });
      }
      next(refusal);
    };
    namespace.use((socket, next) => void identify(socket, next));
    namespace.on('connection', (socket) =>
      this.#serve(socket, new EventBudget(this.#limits.eventsPerSecond, () => clock.monotonicMs())),
    );
  }

  #serve(socket: RoomSocket, budget: EventBudget): void {
    const { userId } = socket.data.actor;
    if (userId !== undefined) void socket.join(personRoom(userId));
    socket.use((event, next) => {
      if (budget.take()) next();
      else refuseEvent(event, this.#limits.eventsPerSecond);
    });
    socket.on('disconnecting', (reason) =>
      this.#members.leaveAll(socket, !reason.endsWith('namespace disconnect')),
    );
    const { presence, chat, reactions, questions, log } = this.#options;
    takeRequests(socket, { members: this.#members, presence, chat, reactions, questions, log });
    if (socket.recovered) void this.#members.return(socket);
  }
}

function refuseEvent(event: readonly unknown[], perSecond: number): void {
  const answer = event.at(-1);
  if (typeof answer !== 'function') return;
  const refusal: Acknowledgement<object> = {
    ok: false,
    error: publicError(
      liveError('RATE_LIMITED', `a connection may send ${perSecond} events a second`, {
        retryAfterSeconds: 1,
      }),
    ),
  };
  answer(refusal);
}

/** A WebSocket's first and only request, by a target that can be read. */
function isPlainHandshake(target: string | undefined): boolean {
  const query = URL.parse(target ?? '', 'http://host')?.searchParams;
  return query?.get('transport') === 'websocket' && !query.has('sid');
}

function refuse(socket: Duplex, status: number): void {
  // It counts against no cap: who does not hang up is cut.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}
