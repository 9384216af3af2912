import { randomBytes } from 'node:crypto';
import { Adapter, type Session } from 'socket.io-adapter';
import { cut, type EngineSocket, isStuck, writeFrames } from './engine-socket.ts';
import { RecoveryLog } from './recovery-log.ts';
import { eventFrame } from './room-frame.ts';

/** What an adapter needs of the limits. */
export interface RoomAdapterOptions {
  readonly sendBufferBytes: number;
  readonly recoveryMs: number;
  readonly recoverable: number;
  /** Milliseconds that only rise. */
  readonly monotonicMs: () => number;
  /** Viewers' rooms that somebody who comes back may still be in. Rejects when there is no answer: then nothing is recovered. */
  readonly roomsOf: (state: unknown) => Promise<readonly string[]>;
}

type LostSession = Omit<Session, 'missedPackets'> & { readonly lostAtMs: number };
type RoomSocket = { readonly conn: EngineSocket };

/**
 * Rooms in memory, as Socket.IO's own adapter has them, but for two things. An event is encoded once for a room, header and all, and several
 * events can travel in one write. And what broke can be recovered only as far as it is still allowed: see {@link RoomAdapter.forget}.
 */
export class RoomAdapter extends Adapter {
  readonly #options: RoomAdapterOptions;
  readonly #log: RecoveryLog;
  readonly #lost = new Map<string, LostSession>();
  /** Those who are coming back, while it is asked whether they may. */
  readonly #returning = new Set<LostSession>();
  /** Rooms with frames that are kept and not written yet, and what writes them. */
  readonly #waiting = new Map<string, () => void>();

  /** @param namespace Socket.IO's namespace, untyped as its base class has it. */
  constructor(namespace: unknown, options: RoomAdapterOptions) {
    super(namespace);
    this.#options = options;
    this.#log = new RecoveryLog(randomBytes(6).toString('hex'), options.recoveryMs, options.recoverable);
  }

  /**
   * Encodes an event for a room.
   * @param isKept clients that come back get it if they missed it.
   */
  frame(room: string, event: string, payload: unknown, isKept: boolean): Buffer {
    const packet = [event, payload];
    if (isKept) this.#log.keep(room, packet, this.#options.monotonicMs());
    return eventFrame(packet);
  }

  /**
   * Says that frames of a room are not written yet, and what writes them; undefined: none wait any more. Whoever comes back gets them with
   * what was missed, and must not get them once more when they are written.
   */
  setWaiting(room: string, flush: (() => void) | undefined): void {
    if (flush === undefined) this.#waiting.delete(room);
    else this.#waiting.set(room, flush);
  }

  /** Writes frames to everybody in a room; cuts who does not read. Returns how many got them. */
  write(room: string, frames: Buffer): number {
    const { sendBufferBytes } = this.#options;
    const sockets: ReadonlyMap<string, RoomSocket> = this.nsp.sockets;
    // Who came back is in its rooms while it is asked who it is. What it missed has been sent, and this comes after that.
    const returning: ReadonlyMap<string, RoomSocket> = this.nsp._preConnectSockets;
    let reached = 0;
    for (const id of this.rooms.get(room) ?? []) {
      const engine = (sockets.get(id) ?? returning.get(id))?.conn;
      if (engine === undefined) continue;
      if (isStuck(engine, sendBufferBytes)) cut(engine);
      else {
        writeFrames(engine, frames);
        reached++;
      }
    }
    return reached;
  }

  /** Drops what lost connections could recover, where `which` says so. */
  forget(which: (state: unknown, rooms: readonly string[]) => boolean): void {
    for (const [pid, { data, rooms }] of this.#lost) if (which(data, rooms)) this.#lost.delete(pid);
    for (const session of this.#returning)
      if (which(session.data, session.rooms)) this.#returning.delete(session);
  }

  /** Lost connections that can still come back. */
  get lostCount(): number {
    return this.#lost.size;
  }

  /** Called by Socket.IO when a connection was lost, not when somebody closed it. */
  override persistSession(session: Omit<Session, 'missedPackets'>): void {
    const nowMs = this.#options.monotonicMs();
    for (const [pid, { lostAtMs }] of this.#lost) {
      if (this.#lost.size < this.#options.recoverable && lostAtMs > nowMs - this.#options.recoveryMs) break;
      this.#lost.delete(pid);
    }
    this.#lost.set(session.pid, { ...session, lostAtMs: nowMs });
  }

  /** Called by Socket.IO when somebody comes back. Once: nobody else can come back as the same. */
  override async restoreSession(pid: string, offset: string): Promise<Session> {
    const session = this.#lost.get(pid);
    this.#lost.delete(pid);
    // The types of the base class do not know of "no".
    if (session === undefined) return NOTHING as never;
    this.#returning.add(session);
    let allowed: ReadonlySet<string>;
    try {
      allowed = new Set(await this.#options.roomsOf(session.data));
    } finally {
      // Forgotten while it was asked: nothing of before holds.
      if (!this.#returning.delete(session)) allowed = new Set();
    }
    const nowMs = this.#options.monotonicMs();
    // Rooms of persons and moderators are entered again after the client proved who it is.
    const rooms = session.rooms.filter((room) => allowed.has(room));
    for (const room of rooms) this.#waiting.get(room)?.();
    const missedPackets =
      rooms.length === 0 || session.lostAtMs < nowMs - this.#options.recoveryMs
        ? undefined
        : this.#log.after(offset, new Set(rooms), nowMs);
    if (missedPackets === undefined) return NOTHING as never;
    return { ...session, rooms, missedPackets };
  }
}

const NOTHING = null;

/** How the names of viewers' rooms begin. */
const VIEWERS = 's:';

/** Room of everybody who is in a stream's room. */
export function viewersRoom(streamId: string): string {
  return `${VIEWERS}${streamId}`;
}

/** Those of them who came by `channel:join`: they know other names of some events. */
export function channelRoom(streamId: string): string {
  return `c:${streamId}`;
}

/** Owners and moderators of a stream. */
export function moderatorsRoom(streamId: string): string {
  return `m:${streamId}`;
}

/** Every connection of a person. */
export function personRoom(userId: string): string {
  return `u:${userId}`;
}
