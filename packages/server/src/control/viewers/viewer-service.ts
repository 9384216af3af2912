import { randomBytes, timingSafeEqual } from 'node:crypto';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import { Audience } from './audience.ts';
import type { Device } from './devices.ts';
import { type PlaybackReport, PlaybackSession } from './playback-session.ts';
import { closeOpenSessions, resetCurrentViewers, type ViewerTotals } from './repository.ts';
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
  readonly #audiences = new Map<string, Audience>();
  /** Open sessions that came over REST, by address. */
  readonly #ofAddress = new Map<string, number>();
  /** Streams whose count is not what was written last. */
  readonly #recount = new Set<string>();
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #writtenMs: number;
  #countedMs: number;
  #closed = false;

  /** Starts nothing yet: see {@link start}. */
  constructor(options: ViewerServiceOptions) {
    const { database, log, clock, events } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_VIEWERS_LIMITS, ...options.limits };
    this.#writer = new ViewerWriter({
      ...{ database, log },
      rowsPerStatement: this.#limits.rowsPerStatement,
      onWritten: (session) => {
        if (!session.present) this.#forget(session);
      },
    });
    this.#writtenMs = clock.monotonicMs();
    this.#countedMs = this.#writtenMs;
    events.on('chat-message', ({ streamId, userId }) => this.#talked(streamId, userId, 'chatted'));
    events.on('reaction', ({ streamId, userId }) => this.#talked(streamId, userId, 'reacted'));
    events.on('stream-deleted', ({ streamId }) => this.#dropStream(streamId));
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
    return this.#audiences.get(streamId)?.present ?? 0;
  }

  /** Playback sessions of all streams at this moment, by transport as their players tell it. */
  byTransport(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const session of this.#all()) {
      if (!session.present) continue;
      const told = session.report.transport ?? 'unknown';
      const transport = TRANSPORTS.has(told) || told === 'unknown' ? told : 'other';
      counts.set(transport, (counts.get(transport) ?? 0) + 1);
    }
    return counts;
  }

  /** The middle of what the stream's players told of their delay in their last heartbeats, in milliseconds; undefined when none does. */
  latencyMs(streamId: string): number | undefined {
    const told: number[] = [];
    const sinceMs = this.#nowMs - this.#limits.beatGapMs;
    for (const { present, seenMs, report } of this.#audiences.get(streamId)?.all() ?? [])
      if (present && seenMs >= sinceMs && report.latencyMs !== undefined) told.push(report.latencyMs);
    return told.sort((a, b) => a - b)[told.length >> 1];
  }

  /**
   * A connection that holds a session joins it; joining twice is joining once. Rejects with CONFLICT when the session is somebody
   * else's, with UNAVAILABLE when the server remembers as many as it may.
   */
  async join(playback: ViewerJoin): Promise<void> {
    this.#join(playback, undefined);
  }

  /** The holder of a session joined by {@link join} lets go of it. Unknown and foreign ones are left alone. */
  async leave(streamId: string, sessionId: string, actor: Actor): Promise<void> {
    const session = this.#audiences.get(streamId)?.find(sessionId);
    if (session !== undefined && isHeldBy(session, actor)) this.#leave(session, this.#nowMs);
  }

  /** A connection that holds a session tells how it plays. Rejects with NOT_FOUND for another's session and one that never joined. */
  async heartbeat(actor: Actor, beat: ViewerBeat): Promise<void> {
    const session = this.#audiences.get(beat.streamId)?.find(beat.sessionId);
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
    const present = this.#audiences.get(playback.streamId)?.find(playback.sessionId);
    if (present !== undefined) {
      this.#requireProof(present, { ...playback, secret }, 'CONFLICT');
      this.#resume(present, playback.actor);
    }
    const session = present ?? this.#openOver(playback);
    session.beat(plain(report), this.#nowMs, { maxGapMs: 0, live: false });
    return { session, secret: session.start.secret ?? '' };
  }

  /** A heartbeat over REST; brings a session back that was silent for too long. Rejects with NOT_FOUND without proof. */
  async beat(proof: ViewerProof, report: PlaybackReport): Promise<PlaybackSession> {
    const session = this.#proven(proof);
    if (!session.present) this.#resume(session, proof.actor);
    this.#beat(session, report);
    return session;
  }

  /** Leaves over REST. Rejects with NOT_FOUND without proof. */
  async close(proof: ViewerProof): Promise<void> {
    this.#leave(this.#proven(proof), this.#nowMs);
  }

  /** To be called about once a second: who was silent for too long leaves, and what is due is written. */
  async tick(): Promise<void> {
    const nowMs = this.#nowMs;
    for (const session of this.#all())
      if (
        session.present &&
        session.start.secret !== undefined &&
        nowMs - session.seenMs > this.#limits.silentMs
      )
        this.#leave(session, session.seenMs);
    const isCount = nowMs - this.#countedMs >= this.#limits.countEveryMs;
    if (this.#writer.busy || (!isCount && nowMs - this.#writtenMs < this.#limits.writeEveryMs)) return;
    await this.#write(isCount);
  }

  /** Everybody leaves and everything is written; idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#closed) return;
    this.#closed = true;
    for (const session of this.#all()) this.#leave(session, this.#nowMs);
    await this.#write(true);
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  *#all(): Generator<PlaybackSession> {
    for (const audience of this.#audiences.values()) yield* audience.all();
  }

  #join(playback: ViewerJoin, secret: string | undefined): PlaybackSession {
    const present = this.#audiences.get(playback.streamId)?.find(playback.sessionId);
    if (present === undefined) return this.#begin(playback, secret);
    if (!isHeldBy(present, playback.actor))
      throw liveError('CONFLICT', `session ${playback.sessionId} is somebody else's`);
    this.#resume(present, playback.actor);
    return present;
  }

  #openOver(playback: ViewerJoin): PlaybackSession {
    const { address } = playback;
    if ((this.#ofAddress.get(address) ?? 0) >= this.#limits.sessionsPerAddress) {
      throw liveError(
        'RATE_LIMITED',
        `address ${address} has ${this.#limits.sessionsPerAddress} viewer sessions open, as many as it may`,
      );
    }
    return this.#join(playback, randomBytes(24).toString('base64url'));
  }

  #begin(playback: ViewerJoin, secret: string | undefined): PlaybackSession {
    const { clock, countries, devices } = this.#options;
    const { streamId, sessionId, actor, address, userAgent } = playback;
    if (!SESSION_ID.test(sessionId))
      throw liveError(
        'INVALID_REQUEST',
        `sessionId ${JSON.stringify(sessionId)} is not 8 to 64 of A–Z a–z 0–9 . _ : -`,
      );
    if (this.#size >= this.#limits.sessions)
      throw liveError('UNAVAILABLE', `this server counts ${this.#size} viewers, as many as it may`);
    const device = devices?.of(userAgent);
    const session = new PlaybackSession(
      {
        ...{ streamId, sessionId, userId: actor.userId, secret, address, userAgent },
        country: countries?.of(address),
        device: device?.device,
        browser: device?.browser,
        os: device?.os,
      },
      this.#nowMs,
      clock.now(),
    );
    this.#size += 1;
    this.#enter(session);
    return session;
  }

  #resume(session: PlaybackSession, actor: Actor): void {
    const wasPresent = session.present;
    session.resume(actor.userId, this.#nowMs);
    if (!wasPresent) this.#enter(session);
    else this.#audiences.get(session.start.streamId)?.known(session);
    this.#writer.changed(session);
  }

  #enter(session: PlaybackSession): void {
    const { streamId, secret, address } = session.start;
    let audience = this.#audiences.get(streamId);
    if (audience === undefined) {
      audience = new Audience();
      this.#audiences.set(streamId, audience);
    }
    audience.entered(session);
    if (secret !== undefined) this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
    this.#recount.add(streamId);
    this.#writer.changed(session);
    this.#options.events.emit('viewer-joined', { streamId, viewerId: session.id });
  }

  #leave(session: PlaybackSession, sinceMs: number): void {
    if (!session.present) return;
    const { streamId } = session.start;
    session.leave(sinceMs);
    this.#audiences.get(streamId)?.left();
    this.#freeAddress(session);
    this.#recount.add(streamId);
    this.#writer.changed(session);
    this.#options.events.emit('viewer-left', { streamId, viewerId: session.id });
  }

  #freeAddress({ start: { secret, address } }: PlaybackSession): void {
    if (secret === undefined) return;
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#ofAddress.set(address, left);
    else this.#ofAddress.delete(address);
  }

  #beat(session: PlaybackSession, report: PlaybackReport): void {
    session.beat(plain(report), this.#nowMs, {
      maxGapMs: this.#limits.beatGapMs,
      live: this.#options.isLive?.(session.start.streamId) ?? true,
    });
    this.#writer.changed(session);
  }

  #proven(proof: ViewerProof): PlaybackSession {
    const session = this.#audiences.get(proof.streamId)?.find(proof.sessionId);
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
    const session = userId === undefined ? undefined : this.#audiences.get(streamId)?.ofUser(userId);
    if (session === undefined) return;
    session[what]();
    this.#writer.changed(session);
  }

  #forget(session: PlaybackSession): void {
    const { streamId } = session.start;
    const audience = this.#audiences.get(streamId);
    if (audience?.find(session.start.sessionId) !== session) return;
    audience.forget(session);
    this.#size -= 1;
  }

  #dropStream(streamId: string): void {
    for (const session of this.#audiences.get(streamId)?.all() ?? []) {
      if (session.present) this.#freeAddress(session);
      this.#writer.drop(session);
      this.#size -= 1;
    }
    this.#audiences.delete(streamId);
    this.#recount.delete(streamId);
  }

  async #write(withCounts: boolean): Promise<void> {
    this.#writtenMs = this.#nowMs;
    const totals: ViewerTotals[] = [];
    if (withCounts) {
      this.#countedMs = this.#writtenMs;
      for (const streamId of this.#recount) {
        const audience = this.#audiences.get(streamId);
        totals.push({ streamId, current: audience?.present ?? 0, peak: audience?.takePeak() ?? 0 });
      }
      this.#recount.clear();
    }
    await this.#writer.write(totals, (failed) => {
      for (const { streamId, peak } of failed) {
        this.#recount.add(streamId);
        this.#audiences.get(streamId)?.giveBackPeak(peak);
      }
    });
    for (const [streamId, audience] of this.#audiences)
      if (audience.size === 0 && !this.#recount.has(streamId)) this.#audiences.delete(streamId);
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
