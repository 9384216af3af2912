import { timingSafeEqual } from 'node:crypto';
import { liveError, StreamNotLiveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import type { Device } from './devices.ts';
import type { PlaybackReport, PlaybackSession } from './playback-session.ts';
import { closeOpenSessions, isStreamOver, resetCurrentViewers } from './repository.ts';
import { ViewerRegister } from './viewer-register.ts';
import { ViewerWriter } from './viewer-writer.ts';
import { DEFAULT_VIEWERS_LIMITS, type ViewersLimits } from './viewers-limits.ts';

/** A playback that begins, or goes on over another connection. That the actor may watch the stream was asked before. */
export interface ViewerJoin {
  readonly streamId: string;
  /** The player's own id of it, 8 to 64 letters, digits and `._:-`. */
  readonly sessionId: string;
  readonly actor: Actor;
  /** The client's address as limits count it. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** A heartbeat: the session and what its player tells. */
export interface ViewerBeat extends PlaybackReport {
  readonly streamId: string;
  readonly sessionId: string;
}

/** Which session a request over REST is about, and what proves that it is the caller's. */
export interface ViewerProof {
  readonly streamId: string;
  readonly sessionId: string;
  readonly actor: Actor;
  readonly secret: string | undefined;
}

/** What viewer sessions need. */
export interface ViewerServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly log: Logger;
  /** The country of an address, and what a User-Agent says; absent ones tell nothing. */
  readonly countries?: { of(address: string): string | undefined };
  readonly devices?: { of(userAgent: string | undefined): Device };
  /** True while media of the stream flows: nothing else is watched. Default: always. */
  readonly isLive?: (streamId: string) => boolean;
  /** Default {@link DEFAULT_VIEWERS_LIMITS}. */
  readonly limits?: Partial<ViewersLimits>;
}

/** Ids that players make, such as UUIDs. */
const SESSION_ID = /^[\w.:-]{8,64}$/;
/** Names of transports by which sessions are counted; a player may say anything. */
const TRANSPORTS: ReadonlySet<string> = new Set(['ll-hls', 'hls', 'webrtc']);
/** Sessions closed at once after a crash. */
const CLOSE_AT_ONCE = 5000;
/** How often silent sessions are looked for, and what is due is written, in milliseconds. */
const TICK_MS = 1000;

/**
 * Who watches. Playback sessions are counted here, in memory, once each however often and over however many connections they join; the
 * database learns of them in batches. `viewer-joined` and `viewer-left` carry the session's id, which tells nobody who it is.
 */
export class ViewerService {
  readonly #options: ViewerServiceOptions;
  readonly #limits: ViewersLimits;
  readonly #writer: ViewerWriter;
  readonly #register: ViewerRegister;
  readonly #asked = new Map<string, Promise<boolean>>();
  #timer: NodeJS.Timeout | undefined;
  #writtenMs: number;
  #countedMs: number;
  #closed = false;

  /** Starts nothing yet: see {@link start}. */
  constructor(options: ViewerServiceOptions) {
    const { database, log, clock, events } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_VIEWERS_LIMITS, ...options.limits };
    const told = ({ id, start: { streamId } }: PlaybackSession) => ({ streamId, viewerId: id });
    const listener = {
      onJoined: (session: PlaybackSession) => events.emit('viewer-joined', told(session)),
      onLeft: (session: PlaybackSession) => events.emit('viewer-left', told(session)),
      onChanged: (session: PlaybackSession) => this.#writer.changed(session),
    };
    this.#register = new ViewerRegister(this.#limits, listener, clock);
    this.#writer = new ViewerWriter({
      ...{ database, log },
      rowsPerStatement: this.#limits.rowsPerStatement,
      onWritten: (session) => {
        if (!session.present) this.#register.forget(session);
      },
    });
    this.#writtenMs = clock.monotonicMs();
    this.#countedMs = this.#writtenMs;
    events.on('chat-message', ({ streamId, userId }) => this.#talked(streamId, userId, 'chatted'));
    events.on('reaction', ({ streamId, userId }) => this.#talked(streamId, userId, 'reacted'));
    events.on('stream-deleted', ({ streamId }) => {
      for (const session of this.#register.drop(streamId)) this.#writer.drop(session);
    });
  }

  /** Closes what a server that died left open, then counts and writes from now on. */
  async start(): Promise<void> {
    const { database } = this.#options;
    // The server's own books, before the first viewer.
    while ((await database.asService((tx) => closeOpenSessions(tx, CLOSE_AT_ONCE))) === CLOSE_AT_ONCE);
    await database.asService(resetCurrentViewers);
    this.#timer ??= setInterval(() => void this.tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Playback sessions of a stream at this moment. */
  count(streamId: string): number {
    return this.#register.count(streamId);
  }

  /** Playback sessions of all streams at this moment, by transport as their players tell it. */
  byTransport(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { report } of this.#register.present()) {
      const told = report.transport ?? 'unknown';
      const transport = TRANSPORTS.has(told) || told === 'unknown' ? told : 'other';
      counts.set(transport, (counts.get(transport) ?? 0) + 1);
    }
    return counts;
  }

  /** The middle of what the stream's players told of their delay in their last heartbeats, in milliseconds; undefined when none does. */
  latencyMs(streamId: string): number | undefined {
    const told: number[] = [];
    const sinceMs = this.#nowMs - this.#limits.beatGapMs;
    for (const { seenMs, report } of this.#register.present(streamId))
      if (seenMs >= sinceMs && report.latencyMs !== undefined) told.push(report.latencyMs);
    return told.sort((a, b) => a - b)[told.length >> 1];
  }

  /**
   * A connection that holds a session joins it; joining twice is joining once. Rejects with CONFLICT when the session is somebody
   * else's, STREAM_NOT_LIVE when it is new and the stream has ended, UNAVAILABLE when the server remembers as many as it may, RATE_LIMITED
   * when the address has as many open as it may or begins too many.
   */
  async join(playback: ViewerJoin): Promise<void> {
    if (this.#register.find(playback.streamId, playback.sessionId) === undefined) {
      if (await this.#isOver(playback.streamId)) throw new StreamNotLiveError(playback.streamId);
    }
    // It may have joined meanwhile.
    const present = this.#register.find(playback.streamId, playback.sessionId);
    if (present === undefined) {
      this.#begin(playback, undefined);
      return;
    }
    if (!isHeldBy(present, playback.actor))
      throw liveError('CONFLICT', `session ${playback.sessionId} is somebody else's`);
    this.#register.resume(present, playback.actor.userId, this.#nowMs);
  }

  /** The holder of a session joined by {@link join} lets go of it. Unknown and foreign ones are left alone. */
  async leave(streamId: string, sessionId: string, actor: Actor): Promise<void> {
    const session = this.#register.find(streamId, sessionId);
    if (session !== undefined && isHeldBy(session, actor)) this.#register.leave(session, this.#nowMs);
  }

  /** A connection that holds a session tells how it plays. Rejects with NOT_FOUND for another's session and one that never joined. */
  async heartbeat(actor: Actor, beat: ViewerBeat): Promise<void> {
    const session = this.#register.find(beat.streamId, beat.sessionId);
    if (session === undefined || !isHeldBy(session, actor)) throw notYours(beat.sessionId);
    this.#beat(session, beat);
  }

  /**
   * Joins over REST. Returns the session and the secret that changes it. Rejects as {@link join} does, and with RATE_LIMITED when the
   * address has as many open as it may.
   */
  async open(
    playback: ViewerJoin,
    report: PlaybackReport,
    secret?: string,
  ): Promise<{ readonly session: PlaybackSession; readonly secret: string }> {
    const present = this.#register.find(playback.streamId, playback.sessionId);
    if (present !== undefined) {
      this.#requireProof(present, { ...playback, secret }, 'CONFLICT');
      this.#register.resume(present, playback.actor.userId, this.#nowMs);
    }
    const session = present ?? this.#begin(playback, this.#register.newSecret());
    session.beat(plain(report), this.#nowMs, { maxGapMs: 0, live: false });
    return { session, secret: session.start.secret ?? '' };
  }

  /** A heartbeat over REST; brings a session back that was silent for too long. Rejects with NOT_FOUND without proof. */
  async beat(proof: ViewerProof, report: PlaybackReport): Promise<PlaybackSession> {
    const session = this.#proven(proof);
    if (!session.present) this.#register.resume(session, proof.actor.userId, this.#nowMs);
    this.#beat(session, report);
    return session;
  }

  /** Leaves over REST. Rejects with NOT_FOUND without proof. */
  async close(proof: ViewerProof): Promise<void> {
    this.#register.leave(this.#proven(proof), this.#nowMs);
  }

  /** To be called about once a second: who was silent for too long leaves, and what is due is written. */
  async tick(): Promise<void> {
    const nowMs = this.#nowMs;
    this.#register.sweep(nowMs);
    const isCount = nowMs - this.#countedMs >= this.#limits.countEveryMs;
    if (this.#writer.busy || (!isCount && nowMs - this.#writtenMs < this.#limits.writeEveryMs)) return;
    await this.#write(isCount);
  }

  /** Everybody leaves and everything is written; idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#closed) return;
    this.#closed = true;
    for (const session of this.#register.present()) this.#register.leave(session, this.#nowMs);
    await this.#write(true);
  }

  /** Asked for a stream once at a time: a crowd comes at once. */
  #isOver(streamId: string): Promise<boolean> {
    const asked = this.#asked.get(streamId);
    if (asked !== undefined) return asked;
    // As the server: that the viewer may see the stream was asked before.
    const asking = this.#options.database
      .asService((tx) => isStreamOver(tx, streamId))
      // While the database is away everything goes on in memory.
      .catch(() => false)
      .finally(() => this.#asked.delete(streamId));
    this.#asked.set(streamId, asking);
    return asking;
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #begin(playback: ViewerJoin, secret: string | undefined): PlaybackSession {
    const { clock, countries, devices } = this.#options;
    const { streamId, sessionId, actor, address, userAgent } = playback;
    if (!SESSION_ID.test(sessionId))
      throw liveError(
        'INVALID_REQUEST',
        `sessionId ${JSON.stringify(sessionId)} is not 8 to 64 of A–Z a–z 0–9 . _ : -`,
      );
    const device = devices?.of(userAgent);
    const start = {
      ...{ streamId, sessionId, userId: actor.userId, secret, address, userAgent },
      country: countries?.of(address),
      ...{ device: device?.device, browser: device?.browser, os: device?.os },
    };
    return this.#register.begin(start, this.#nowMs, clock.now());
  }

  #beat(session: PlaybackSession, report: PlaybackReport): void {
    session.beat(plain(report), this.#nowMs, {
      maxGapMs: this.#limits.beatGapMs,
      live: this.#options.isLive?.(session.start.streamId) ?? true,
    });
    this.#writer.changed(session);
  }

  #proven(proof: ViewerProof): PlaybackSession {
    const session = this.#register.find(proof.streamId, proof.sessionId);
    if (session === undefined) throw notYours(proof.sessionId);
    this.#requireProof(session, proof, 'NOT_FOUND');
    return session;
  }

  /** Who signed in is their own proof; who did not shows the secret. */
  #requireProof(
    session: PlaybackSession,
    { sessionId, actor, secret }: ViewerProof,
    code: 'CONFLICT' | 'NOT_FOUND',
  ): void {
    if (session.start.secret !== undefined) {
      if (session.userId !== undefined && session.userId === actor.userId) return;
      if (secret !== undefined && isSame(secret, session.start.secret)) return;
    }
    throw code === 'CONFLICT'
      ? liveError('CONFLICT', `session ${sessionId} is somebody else's`)
      : notYours(sessionId);
  }

  #talked(streamId: string, userId: string | undefined, what: 'chatted' | 'reacted'): void {
    const session = userId === undefined ? undefined : this.#register.ofUser(streamId, userId);
    if (session === undefined) return;
    session[what]();
    this.#writer.changed(session);
  }

  async #write(withCounts: boolean): Promise<void> {
    this.#writtenMs = this.#nowMs;
    if (withCounts) this.#countedMs = this.#writtenMs;
    const totals = withCounts ? this.#register.takeTotals() : [];
    await this.#writer.write(totals, (failed) => this.#register.giveBack(failed));
    this.#register.tidy();
  }
}

/** True when a connection of this actor may hold the session: it was opened by one, and by nobody else who signed in. */
function isHeldBy(session: PlaybackSession, actor: Actor): boolean {
  return (
    session.start.secret === undefined && (session.userId === undefined || session.userId === actor.userId)
  );
}

/** The members that a report has, as the database takes them. */
function plain({ quality, transport, latencyMs, stalls, isPlaying }: PlaybackReport): PlaybackReport {
  return {
    ...{ quality, latencyMs, isPlaying },
    transport: transport?.replace(/[^\w.-]/g, '').slice(0, 20),
    stalls: stalls === undefined ? undefined : Math.min(Math.max(0, Math.trunc(stalls)), 1_000_000),
  };
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

function notYours(sessionId: string): Error {
  return liveError('NOT_FOUND', `there is no viewer session ${sessionId} of yours`);
}
