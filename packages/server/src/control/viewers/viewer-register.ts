import { randomBytes } from 'node:crypto';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { TokenBuckets } from '../chat/token-buckets.ts';
import { Audience } from './audience.ts';
import { PlaybackSession, type PlaybackStart } from './playback-session.ts';
import type { ViewerTotals } from './repository.ts';
import type { ViewersLimits } from './viewers-limits.ts';

/** What the register tells, before the call returns that did it. */
export interface RegisterListener {
  onJoined(session: PlaybackSession): void;
  onLeft(session: PlaybackSession): void;
  /** Something of it is to be written. */
  onChanged(session: PlaybackSession): void;
}

/** This machine, as limits count addresses. */
const LOOPBACK = /^(?:127\.|::1$|0:0:0:0::\/64$)/;
/** How long a session's secret is, in bytes. */
const SECRET_BYTES = 24;

/** Every playback session that this server remembers: those present, and those whose leaving is still to be written. */
export class ViewerRegister {
  readonly #limits: ViewersLimits;
  readonly #listener: RegisterListener;
  readonly #audiences = new Map<string, Audience>();
  /** Open sessions, by address. */
  readonly #ofAddress = new Map<string, number>();
  /** Streams whose count is not what was written last. */
  readonly #recount = new Set<string>();
  readonly #begun: TokenBuckets;
  #size = 0;

  constructor(limits: ViewersLimits, listener: RegisterListener, clock: Clock) {
    this.#limits = limits;
    const { newSessionsPerSec: perSec, newSessionsBurst: burst } = limits;
    this.#begun = new TokenBuckets({ perSec, burst, clock });
    this.#listener = listener;
  }

  /** Sessions of a stream that are present. */
  count(streamId: string): number {
    return this.#audiences.get(streamId)?.present ?? 0;
  }

  /** A session by the player's own id of it, present or not. */
  find(streamId: string, sessionId: string): PlaybackSession | undefined {
    return this.#audiences.get(streamId)?.find(sessionId);
  }

  /** The newest session of somebody who signed in. */
  ofUser(streamId: string, userId: string): PlaybackSession | undefined {
    return this.#audiences.get(streamId)?.ofUser(userId);
  }

  /** Sessions of one stream, or of all, that are present. */
  *present(streamId?: string): Generator<PlaybackSession> {
    const audience = streamId === undefined ? undefined : this.#audiences.get(streamId);
    if (streamId !== undefined && audience === undefined) return;
    for (const each of audience === undefined ? this.#audiences.values() : [audience])
      for (const session of each.all()) if (session.present) yield session;
  }

  /** Makes the secret of a session that is opened over REST. */
  newSecret(): string {
    return randomBytes(SECRET_BYTES).toString('base64url');
  }

  /**
   * A session that was not known joins. Throws UNAVAILABLE when as many are remembered as may be, RATE_LIMITED when its address has as many
   * open as it may, or begins more than it may.
   */
  begin(start: PlaybackStart, nowMs: number, atMs: number): PlaybackSession {
    if (this.#size >= this.#limits.sessions)
      throw liveError('UNAVAILABLE', `this server counts ${this.#size} viewers, as many as it may`);
    this.#admit(start);
    const session = new PlaybackSession(start, nowMs, atMs);
    this.#size += 1;
    this.#enter(session);
    return session;
  }

  /** A session that is known joins again, perhaps after it had left. */
  resume(session: PlaybackSession, userId: string | undefined, nowMs: number): void {
    const wasPresent = session.present;
    session.resume(userId, nowMs);
    if (!wasPresent) {
      this.#enter(session);
      return;
    }
    this.#audiences.get(session.start.streamId)?.known(session);
    this.#listener.onChanged(session);
  }

  /** A session is gone since then; nothing happens to one that had left. */
  leave(session: PlaybackSession, sinceMs: number): void {
    if (!session.present) return;
    const { streamId } = session.start;
    session.leave(sinceMs);
    this.#audiences.get(streamId)?.left();
    this.#freeAddress(session);
    this.#recount.add(streamId);
    this.#listener.onChanged(session);
    this.#listener.onLeft(session);
  }

  /** What opened over REST and was not heard of for too long has left when it was heard last. */
  sweep(nowMs: number): void {
    for (const session of this.present())
      if (session.start.secret !== undefined && nowMs - session.seenMs > this.#limits.silentMs)
        this.leave(session, session.seenMs);
  }

  /** A session that left is written: nothing of it is needed any more. */
  forget(session: PlaybackSession): void {
    const { streamId, sessionId } = session.start;
    if (this.find(streamId, sessionId) !== session) return;
    this.#audiences.get(streamId)?.forget(session);
    this.#size -= 1;
  }

  /** A stream is no more. Returns what is not to be written of it. */
  drop(streamId: string): readonly PlaybackSession[] {
    const sessions = [...(this.#audiences.get(streamId)?.all() ?? [])];
    for (const session of sessions) if (session.present) this.#freeAddress(session);
    this.#size -= sessions.length;
    this.#audiences.delete(streamId);
    this.#recount.delete(streamId);
    return sessions;
  }

  /** Counts that are not what was written last, to be written now. */
  takeTotals(): readonly ViewerTotals[] {
    const totals = [...this.#recount].map((streamId) => {
      const audience = this.#audiences.get(streamId);
      return { streamId, current: audience?.present ?? 0, peak: audience?.takePeak() ?? 0 };
    });
    this.#recount.clear();
    return totals;
  }

  /** They could not be written. */
  giveBack(totals: readonly ViewerTotals[]): void {
    for (const { streamId, peak } of totals) {
      this.#recount.add(streamId);
      this.#audiences.get(streamId)?.giveBackPeak(peak);
    }
  }

  /** Lets go of streams of which there is nothing left to know. */
  tidy(): void {
    for (const [streamId, audience] of this.#audiences)
      if (audience.size === 0 && !this.#recount.has(streamId)) this.#audiences.delete(streamId);
  }

  #admit({ address, secret }: PlaybackStart): void {
    const { sessionsPerAddress, exemptLoopback } = this.#limits;
    const isExempt = exemptLoopback && LOOPBACK.test(address);
    // Over REST also from this machine: nothing but the limit bounds those.
    if ((!isExempt || secret !== undefined) && (this.#ofAddress.get(address) ?? 0) >= sessionsPerAddress) {
      const message = `address ${address} has ${sessionsPerAddress} viewer sessions open, as many as it may`;
      throw liveError('RATE_LIMITED', message);
    }
    const waitMs = isExempt ? 0 : this.#begun.take(address);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw liveError('RATE_LIMITED', `address ${address} begins too many viewer sessions`, {
        retryAfterSeconds,
      });
    }
  }

  #enter(session: PlaybackSession): void {
    const { streamId, address } = session.start;
    let audience = this.#audiences.get(streamId);
    if (audience === undefined) {
      audience = new Audience();
      this.#audiences.set(streamId, audience);
    }
    audience.entered(session);
    this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
    this.#recount.add(streamId);
    this.#listener.onChanged(session);
    this.#listener.onJoined(session);
  }

  #freeAddress({ start: { address } }: PlaybackSession): void {
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#ofAddress.set(address, left);
    else this.#ofAddress.delete(address);
  }
}
