import type { StreamQuality } from '@tallylight/protocol/entities/stream.ts';
import { v7 } from 'uuid';

/** What a player tells of its playback. What it does not know is absent. */
export interface PlaybackReport {
  readonly quality?: StreamQuality | undefined;
  /** Such as `ll-hls` or `webrtc`. */
  readonly transport?: string | undefined;
  /** How far behind the broadcaster it plays, in milliseconds. */
  readonly latencyMs?: number | undefined;
  /** Times that playback stood still since it began. */
  readonly stalls?: number | undefined;
  /** False while it is paused: that time is not watched. Default true. */
  readonly isPlaying?: boolean | undefined;
}

/** How a session begins. */
export interface PlaybackStart {
  readonly streamId: string;
  readonly sessionId: string;
  readonly userId: string | undefined;
  /** Whoever opened it over REST proves it by this; undefined for one that a socket holds. */
  readonly secret: string | undefined;
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly country: string | undefined;
  readonly device: string | undefined;
  readonly browser: string | undefined;
  readonly os: string | undefined;
}

/** What is still to be written of a session: counts since the last write, the rest as it is now. */
export interface UnwrittenSession {
  readonly session: PlaybackSession;
  readonly watchSec: number;
  readonly chatMessages: number;
  readonly reactions: number;
}

/** One playback of one viewer, from its first join until it was written that it left. All times given to it are monotonic. */
export class PlaybackSession {
  readonly id = v7();
  readonly start: PlaybackStart;
  readonly joinedAtMs: number;
  readonly #joinedMs: number;
  #userId: string | undefined;
  #seenMs: number;
  #beatMs: number;
  #leftMs: number | undefined;
  #report: PlaybackReport = {};
  #watchMs = 0;
  #watchedMs = 0;
  #chatMessages = 0;
  #reactions = 0;
  #unwritten = { chatMessages: 0, reactions: 0 };

  /** @param nowMs monotonic. @param atMs the same moment, Unix milliseconds. */
  constructor(start: PlaybackStart, nowMs: number, atMs: number) {
    this.start = start;
    this.joinedAtMs = atMs;
    this.#joinedMs = nowMs;
    this.#userId = start.userId;
    this.#seenMs = nowMs;
    this.#beatMs = nowMs;
  }

  /** Whose it is; undefined while nobody who signed in. */
  get userId(): string | undefined {
    return this.#userId;
  }

  /** True until it left. */
  get present(): boolean {
    return this.#leftMs === undefined;
  }

  /** When it was last heard of, monotonic. */
  get seenMs(): number {
    return this.#seenMs;
  }

  /** When it was last heard of, Unix milliseconds on a clock that never jumps. */
  get seenAtMs(): number {
    return this.joinedAtMs + (this.#seenMs - this.#joinedMs);
  }

  /** When it left, likewise; undefined while present. */
  get leftAtMs(): number | undefined {
    return this.#leftMs === undefined ? undefined : this.joinedAtMs + (this.#leftMs - this.#joinedMs);
  }

  /** Whole seconds watched since it joined this server first. */
  get watchedSec(): number {
    return Math.floor(this.#watchedMs / 1000);
  }

  /** Messages that its viewer wrote since then. */
  get chatMessages(): number {
    return this.#chatMessages;
  }

  /** Reactions likewise. */
  get reactions(): number {
    return this.#reactions;
  }

  /** What the player told last, member by member. */
  get report(): PlaybackReport {
    return this.#report;
  }

  /** It joined again, over another connection, or as somebody who has signed in since. */
  resume(userId: string | undefined, nowMs: number): void {
    this.#userId ??= userId;
    this.#seenMs = nowMs;
    if (this.#leftMs === undefined) return;
    this.#leftMs = undefined;
    this.#beatMs = nowMs;
  }

  /**
   * The player is alive. The time since its last word counts as watched when it plays, the stream is live, and the gap is no longer than
   * `maxGapMs`: of a longer one nobody knows what happened in it.
   */
  beat(report: PlaybackReport, nowMs: number, options: { maxGapMs: number; live: boolean }): void {
    const gapMs = nowMs - this.#beatMs;
    if (report.isPlaying !== false && options.live && gapMs <= options.maxGapMs) {
      this.#watchMs += gapMs;
      this.#watchedMs += gapMs;
    }
    this.#beatMs = nowMs;
    this.#seenMs = nowMs;
    const known = Object.entries(report).filter(([, value]) => value !== undefined);
    this.#report = { ...this.#report, ...Object.fromEntries(known) };
  }

  /** It is gone since then. */
  leave(atMs: number): void {
    this.#leftMs ??= atMs;
  }

  /** Its viewer wrote in the chat. */
  chatted(): void {
    this.#chatMessages += 1;
    this.#unwritten.chatMessages += 1;
  }

  /** Its viewer reacted. */
  reacted(): void {
    this.#reactions += 1;
    this.#unwritten.reactions += 1;
  }

  /** Takes what is to be written; whole seconds, the rest of one stays for the next time. */
  take(): UnwrittenSession {
    const watchSec = Math.floor(this.#watchMs / 1000);
    const taken = { session: this, watchSec, ...this.#unwritten };
    this.#watchMs -= watchSec * 1000;
    this.#unwritten = { chatMessages: 0, reactions: 0 };
    return taken;
  }

  /** It could not be written: it is to be written with what comes. */
  giveBack(taken: UnwrittenSession): void {
    this.#watchMs += taken.watchSec * 1000;
    this.#unwritten.chatMessages += taken.chatMessages;
    this.#unwritten.reactions += taken.reactions;
  }
}
