import type { MessageVerdict } from '@tallylight/protocol/entities/moderation.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import {
  type LivestreamError,
  liveError,
  StreamNotFoundError,
  StreamUnauthorizedError,
} from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import { claimsJson } from '../../db/claims.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEventMap, ControlEvents } from '../control-events.ts';
import { AutoMod } from '../moderation/automod.ts';
import { ChatDirectory } from './chat-directory.ts';
import type { ChatLimits } from './chat-limits.ts';
import * as repository from './chat-repository.ts';
import type { ChatRoom, ChatStanding } from './chat-room.ts';
import { barredNow, firstRefusal, type Refusal, refusalError } from './chat-rules.ts';
import { chatText } from './chat-text.ts';
import { ChatTotals } from './chat-totals.ts';
import { ChatWriter, type OutgoingMessage, type StoredMessage } from './chat-writer.ts';
import { SlowMode } from './slow-mode.ts';
import { TokenBuckets } from './token-buckets.ts';

/** What somebody wants to say. */
export interface SendChat {
  readonly streamId: string;
  /** Trimmed; 1 to 500 code points. */
  readonly content: string | undefined;
  /** The sender's own id: the same one again is the same message, said once. Without it, each is new. */
  readonly clientId?: string | undefined;
}

/** A part of a chat, and where the chat is. */
export interface ChatHistory extends repository.ChatPosition {
  /** Oldest first. Deleted ones have no content. */
  readonly messages: readonly StreamChatMessage[];
}

interface Outgoing extends OutgoingMessage {
  readonly channelId: string;
  readonly author: NonNullable<StreamChatMessage['user']>;
}

interface Known {
  readonly room: ChatRoom;
  readonly standing: ChatStanding;
}

type SignedIn = Actor & { readonly userId: string };

/** The chat of streams. A message is acknowledged, and told to others, once it is stored; the same for REST and sockets. */
export class ChatService {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: ChatLimits;
  readonly #directory: ChatDirectory;
  readonly #writer: ChatWriter<Outgoing>;
  readonly #totals: ChatTotals;
  readonly #autoMod: AutoMod;
  readonly #slowMode: SlowMode;
  readonly #userBuckets: TokenBuckets;
  readonly #roomBuckets: TokenBuckets;
  readonly #onBarred: (event: ControlEventMap['user-barred'][0]) => void;

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    readonly clock: Clock;
    readonly log: Logger;
    readonly limits: ChatLimits;
  }) {
    const { database, events, clock, log, limits } = options;
    this.#database = database;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
    this.#directory = new ChatDirectory({ database, events, clock, limits });
    this.#totals = new ChatTotals({ database, events, log, everyMs: limits.totalsMs });
    this.#autoMod = new AutoMod({ clock, people: limits.rememberedPeople });
    this.#slowMode = new SlowMode({ clock });
    this.#userBuckets = new TokenBuckets({ perSec: limits.userPerSec, burst: limits.userBurst, clock });
    this.#roomBuckets = new TokenBuckets({ perSec: limits.roomPerSec, burst: limits.roomPerSec, clock });
    this.#writer = new ChatWriter<Outgoing>({
      limits,
      clock,
      log,
      store: {
        // As the service: it takes on the claims of each author in turn, and row-level security decides on each message.
        store: (messages) =>
          database.asService((tx) => repository.storeMessages(tx, messages, limits.waitingRoomMinutes)),
        // The server's own question: which of its messages are stored.
        find: (streamId, ids) => database.asService((tx) => repository.findStored(tx, streamId, ids)),
        onStored: (message, stored) => this.#stored(message, stored),
      },
    });
    this.#onBarred = (event) => this.#refuseWaiting(event);
    events.on('user-barred', this.#onBarred);
  }

  /** Repairs counters that a killed server left behind. */
  start(): Promise<void> {
    return this.#totals.start();
  }

  /**
   * Says something. Resolves with the stored message, after it was told to others; with the first one when `clientId` was stored before.
   * Rejects with the rule that forbids it, or UNAVAILABLE: then it may be stored or not, and sending it again with the same `clientId` is safe.
   */
  async send(actor: Actor, input: SendChat): Promise<StreamChatMessage> {
    const sender = signedIn(actor);
    const { streamId } = input;
    const content = chatText(input.content);
    this.#take(this.#userBuckets, sender.userId, `You may send ${this.#limits.userPerSec} messages a second`);
    let known = await this.#known(sender, streamId);
    let refusal = this.#refusal(sender, known, content);
    if (mayBeOld(refusal)) {
      known = await this.#knownAnew(sender, streamId);
      refusal = this.#refusal(sender, known, content);
    }
    // From this judgement to the note below nothing is awaited: of messages that come at once, the later ones are judged by the first's note.
    if (refusal !== undefined) return this.#sentBeforeOr(refusal, sender, input);
    this.#take(this.#roomBuckets, streamId, `This chat takes ${this.#limits.roomPerSec} messages a second`);

    const message: Outgoing = {
      id: v7(),
      streamId,
      channelId: known.room.channelId,
      userId: sender.userId,
      claims: claimsJson(sender),
      clientId: input.clientId ?? v7(),
      content,
      author: known.standing.author,
    };
    // Before it is stored, so that two at once are one too many.
    const takeBacks = [
      this.#slowMode.note(streamId, sender.userId),
      this.#autoMod.remember(streamId, sender.userId, content),
    ];
    const outcome = await this.#writer.submit(message).catch((error: unknown) => {
      for (const takeBack of takeBacks) takeBack();
      throw error;
    });
    if (outcome.outcome === 'sent') return toMessage(message, outcome);
    for (const takeBack of takeBacks) takeBack();
    if (outcome.outcome === 'duplicate') return this.#read(sender, streamId, outcome.id);
    throw await this.#whyNot(sender, streamId, content);
  }

  /** Whether the chat would take this message now, as nchat's `checkMessage` says it. */
  async check(actor: Actor, streamId: string, content: string): Promise<MessageVerdict> {
    const sender = signedIn(actor);
    const text = chatText(content);
    let refusal = this.#refusal(sender, await this.#known(sender, streamId), text);
    if (mayBeOld(refusal)) refusal = this.#refusal(sender, await this.#knownAnew(sender, streamId), text);
    if (refusal === undefined) return { allowed: true };
    const { reason, action } = refusal;
    return { allowed: false, reason, ...(action === undefined ? {} : { action }) };
  }

  /** A part of the chat: the newest page, or what lies before or after a number. Throws StreamNotFoundError. */
  history(actor: Actor, streamId: string, page: repository.ChatPage): Promise<ChatHistory> {
    return this.#database.asUser(actor, async (tx) => {
      // First: a message that comes between the two is asked for again, never missed.
      const position = await repository.readPosition(tx, streamId);
      if (position === undefined) throw new StreamNotFoundError(streamId);
      return { ...position, messages: await repository.readPage(tx, streamId, page) };
    });
  }

  /** Whether somebody may be in the room of a stream, where chat, questions and reactions are told: undefined when not. */
  roomRights(
    actor: Actor,
    streamId: string,
  ): Promise<{ readonly channelId: string; readonly moderates: boolean } | undefined> {
    return this.#database.asUser(actor, (tx) => repository.readRoomRights(tx, streamId));
  }

  /** Forgets what is remembered of a stream, as after a change that no event tells of. */
  forget(streamId: string): void {
    this.#directory.forgetRoom(streamId);
  }

  /** Resolves when the messages that are being stored now are stored and told. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }

  /** Writes the counters now. */
  flush(): Promise<void> {
    return this.#totals.flush();
  }

  /** Refuses what waits, lets what is being stored end, writes the counters; idempotent. */
  async close(): Promise<void> {
    this.#events.off('user-barred', this.#onBarred);
    this.#directory.close();
    await this.#writer.close();
    await this.#totals.close();
  }

  async #known(sender: SignedIn, streamId: string): Promise<Known> {
    const [room, standing] = await Promise.all([
      this.#directory.room(streamId),
      this.#directory.standing(sender, streamId),
    ]);
    if (room === undefined || standing === undefined) throw new StreamNotFoundError(streamId);
    return { room, standing };
  }

  /** Who has just followed, or was let off, is not told otherwise from memory. */
  #knownAnew(sender: SignedIn, streamId: string): Promise<Known> {
    this.#directory.forgetPerson(sender, streamId);
    return this.#known(sender, streamId);
  }

  #refusal(sender: SignedIn, { room, standing }: Known, content: string): Refusal | undefined {
    return firstRefusal({
      room,
      standing,
      userId: sender.userId,
      isGuest: sender.isGuest,
      content,
      nowMs: this.#clock.now(),
      monotonicMs: this.#clock.monotonicMs(),
      lastSentMs: this.#slowMode.lastSentMs(room.streamId, sender.userId) ?? standing.lastSentMs,
      autoMod: this.#autoMod,
      limits: this.#limits,
    });
  }

  /** Who sends again what was stored gets it, whatever has changed since; but nobody who is barred. */
  async #sentBeforeOr(refusal: Refusal, sender: SignedIn, input: SendChat): Promise<StreamChatMessage> {
    const { streamId, clientId } = input;
    const isFree = refusal.code !== 'VIEWER_BANNED' && refusal.code !== 'VIEWER_TIMED_OUT';
    if (clientId !== undefined && isFree) {
      const message = await this.#database.asUser(sender, async (tx) => {
        const id = await repository.findByClientId(tx, streamId, sender.userId, clientId);
        return id === undefined ? undefined : repository.readMessage(tx, streamId, id);
      });
      if (message !== undefined) return message;
    }
    throw refusalError(refusal, streamId, sender.userId);
  }

  async #read(sender: SignedIn, streamId: string, messageId: string): Promise<StreamChatMessage> {
    const message = await this.#database.asUser(sender, (tx) =>
      repository.readMessage(tx, streamId, messageId),
    );
    if (message === undefined) throw new StreamNotFoundError(streamId);
    return message;
  }

  /** The database refused what was remembered to be allowed: asks again to say why. */
  async #whyNot(sender: SignedIn, streamId: string, content: string): Promise<LivestreamError> {
    this.#directory.forgetRoom(streamId);
    const known = await this.#known(sender, streamId);
    const refusal =
      barredNow(known.standing, this.#clock.monotonicMs()) ?? this.#refusal(sender, known, content);
    return refusal === undefined
      ? new StreamUnauthorizedError('You may not write in this chat')
      : refusalError(refusal, streamId, sender.userId);
  }

  #stored(message: Outgoing, stored: StoredMessage): void {
    this.#totals.add(message.streamId, message.userId);
    try {
      this.#events.emit('chat-message', toMessage(message, stored));
    } catch (error) {
      // A listener's bug must not make a stored message look unstored.
      this.#log.error({ error, streamId: message.streamId }, 'a listener of chat messages failed');
    }
  }

  #refuseWaiting({ kind, userId, channelId, streamId }: ControlEventMap['user-barred'][0]): void {
    if (kind === 'lifted') return;
    this.#writer.refuse(
      (message) =>
        message.userId === userId &&
        (streamId === undefined ? message.channelId === channelId : message.streamId === streamId),
      (message) => refusalError(BARRED[kind], message.streamId, userId),
    );
  }

  #take(buckets: TokenBuckets, key: string, rule: string): void {
    const waitMs = buckets.take(key);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw liveError('RATE_LIMITED', `${rule}: wait ${retryAfterSeconds}s`, { retryAfterSeconds });
    }
  }
}

/** Refusals by what somebody is, of which no event tells that it changed. */
const MAY_BE_OLD: ReadonlySet<string> = new Set([
  'FOLLOWERS_ONLY',
  'SUBSCRIBERS_ONLY',
  'VIEWER_BANNED',
  'VIEWER_TIMED_OUT',
  'SLOW_MODE',
]);

function mayBeOld(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && MAY_BE_OLD.has(refusal.code);
}

const BARRED: Readonly<Record<'ban' | 'timeout', Refusal>> = {
  ban: { code: 'VIEWER_BANNED', reason: 'You are banned from this stream' },
  timeout: { code: 'VIEWER_TIMED_OUT', reason: 'You are timed out' },
};

function signedIn(actor: Actor): SignedIn {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  return { ...actor, userId: actor.userId };
}

function toMessage(message: Outgoing, { id, seq, createdAt }: StoredMessage): StreamChatMessage {
  return {
    id,
    streamId: message.streamId,
    userId: message.userId,
    content: message.content,
    seq,
    clientId: message.clientId,
    isPinned: false,
    isDeleted: false,
    isHighlighted: false,
    createdAt: createdAt.toISOString(),
    user: message.author,
  };
}
