import type { StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { liveError, StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import type { ReactionInput } from '@tallylight/protocol/routes/reactions.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import { RateGate } from './rate-gate.ts';
import { type Admission, assertMayReact, ReactionAdmission } from './reaction-admission.ts';
import { EmojiReader } from './reaction-emoji.ts';
import { ReactionWriter } from './reaction-writer.ts';
import { DEFAULT_REACTION_LIMITS, type ReactionLimits } from './reactions-limits.ts';
import { countSince, latestReactions, totalReactions } from './repository.ts';

/** What reactions need. */
export interface ReactionServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default {@link DEFAULT_REACTION_LIMITS}. */
  readonly limits?: Partial<ReactionLimits>;
}

/** A reaction as it comes by socket. */
export type SocketReaction = ReactionInput & { readonly streamId: string };

/** People's reactions to live streams. */
export class ReactionService {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #clock: Clock;
  readonly #emoji: EmojiReader;
  readonly #rate: RateGate;
  readonly #admission: ReactionAdmission;
  readonly #writer: ReactionWriter;

  constructor(options: ReactionServiceOptions) {
    const limits = { ...DEFAULT_REACTION_LIMITS, ...options.limits };
    const { database, events, clock, log } = options;
    this.#database = database;
    this.#events = events;
    this.#clock = clock;
    this.#emoji = new EmojiReader(limits.emojiBytes);
    this.#rate = new RateGate({ clock, max: limits.perSecond, windowMs: 1000 });
    this.#admission = new ReactionAdmission({
      database,
      events,
      clock,
      ttlMs: limits.admissionMs,
      maxEntries: limits.admissions,
      maxAsking: limits.asking,
    });
    this.#writer = new ReactionWriter({ database, log, limits });
  }

  /**
   * Reacts by REST: the rules are asked of the database, and the reaction is written before it is told and answered. Rejects with
   * STREAM_NOT_FOUND, STREAM_NOT_LIVE, REACTIONS_DISABLED, VIEWER_BANNED, VIEWER_TIMED_OUT, RATE_LIMITED or INVALID_REQUEST.
   */
  async send(actor: Actor, streamId: string, input: ReactionInput): Promise<StreamReaction> {
    const userId = this.#let(actor);
    const admission = await this.#admission.ask(actor, userId, streamId);
    const reaction = this.#make(admission, userId, streamId, input);
    await this.#writer.write(reaction);
    this.#events.emit('reaction', reaction);
    return reaction;
  }

  /**
   * Reacts by socket: told at once, written within half a second together with others. Thousands a second cost no transaction each.
   * Rejects as {@link send} does, and with UNAVAILABLE when too many wait to be asked about or to be written.
   */
  async react(actor: Actor, input: SocketReaction): Promise<StreamReaction> {
    const { streamId } = input;
    const userId = this.#let(actor);
    const admission =
      this.#admission.known(userId, streamId) ?? (await this.#admission.ask(actor, userId, streamId));
    const reaction = this.#make(admission, userId, streamId, input);
    if (!this.#writer.add(reaction))
      throw liveError('UNAVAILABLE', 'reactions cannot be kept now', { retryAfterSeconds: 2 });
    this.#events.emit('reaction', reaction);
    return reaction;
  }

  /** The latest reactions of a stream, newest first; `total` counts all of them, or all since then. */
  async list(
    actor: Actor,
    streamId: string,
    query: { readonly limit: number; readonly since?: string | undefined },
  ): Promise<{ reactions: StreamReaction[]; total: number }> {
    const total = await this.#database.asUser(actor, (tx) => totalReactions(tx, streamId));
    if (total === undefined) throw new StreamNotFoundError(streamId);
    const { limit, since } = query;
    // Whoever sees the stream sees its reactions, as their policy says; it was asked once above, not for each of a million rows.
    return this.#database.asService(async (tx) => ({
      reactions: [...(await latestReactions(tx, { streamId, limit, since }))],
      total: since === undefined ? total : await countSince(tx, streamId, since),
    }));
  }

  /** Writes what waits to be written now. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Writes what waits and lets go of everything. */
  async close(): Promise<void> {
    this.#admission.close();
    await this.#writer.close();
  }

  /** The caller, if it may react at all and not too often. */
  #let(actor: Actor): string {
    if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
    const waitMs = this.#rate.take(actor.userId);
    if (waitMs > 0)
      throw liveError('RATE_LIMITED', 'Too many reactions', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    return actor.userId;
  }

  #make(admission: Admission, userId: string, streamId: string, input: ReactionInput): StreamReaction {
    const { emoji, reactionType } = this.#emoji.read(input);
    assertMayReact(admission, userId, streamId);
    const atMs = this.#clock.now();
    return {
      id: v7({ msecs: atMs }),
      streamId,
      userId,
      emoji,
      reactionType,
      ...(input.positionX === undefined ? {} : { positionX: input.positionX }),
      ...(input.positionY === undefined ? {} : { positionY: input.positionY }),
      createdAt: new Date(atMs).toISOString(),
      user: admission.user,
    };
  }
}
