import type { StreamChatMessage, StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import { type Actor, type ActorResolver, NOBODY } from '../../api/actor.ts';
import type { ControlEvents } from '../../control/control-events.ts';
import type {
  ChatPort,
  PlaybackJoin,
  QuestionPort,
  ReactionPort,
  StreamAccess,
  ViewerPresence,
} from '../ports.ts';

/** Somebody with an account. */
export function person(userId: string = v7()): Actor {
  return { userId, role: 'user', isGuest: false, by: 'session' };
}

/** Knows people by tokens that a test hands out. */
export class FakeActors implements ActorResolver {
  readonly #byToken = new Map<string, Actor>();
  asked = 0;

  /** Gives out a token. */
  issue(actor: Actor = person()): string {
    const token = `token-${v7()}`;
    this.#byToken.set(token, actor);
    return token;
  }

  /** From now on the token is of somebody else, or of nobody. */
  change(token: string, actor: Actor | undefined): void {
    if (actor === undefined) this.#byToken.delete(token);
    else this.#byToken.set(token, actor);
  }

  resolve(headers: Readonly<Record<string, string | string[] | undefined>>): Promise<Actor> {
    this.asked++;
    const { authorization, cookie } = headers;
    const token = typeof authorization === 'string' ? authorization.slice('Bearer '.length) : undefined;
    const actor = this.#byToken.get(token ?? String(cookie).replace('session=', ''));
    if (actor !== undefined) return Promise.resolve(actor);
    return token === undefined
      ? Promise.resolve(NOBODY)
      : Promise.reject(liveError('UNAUTHENTICATED', 'no such token'));
  }
}

/** Every stream is public, but for those that a test makes otherwise. */
export class FakeAccess implements StreamAccess {
  readonly channelId: string = v7();
  readonly private = new Set<string>();
  readonly barred = new Set<string>();
  readonly moderators = new Set<string>();

  async rightsOn({ userId }: Actor, streamId: string) {
    const moderates = userId !== undefined && this.moderators.has(userId);
    if (userId !== undefined && this.barred.has(userId)) return undefined;
    return this.private.has(streamId) && !moderates ? undefined : { channelId: this.channelId, moderates };
  }
}

/** Counts sessions in memory and tells of them. */
export class FakePresence implements ViewerPresence {
  readonly #events: ControlEvents;
  readonly sessions = new Map<string, Set<string>>();
  readonly beats: string[] = [];

  constructor(events: ControlEvents) {
    this.#events = events;
  }

  async join({ streamId, sessionId }: PlaybackJoin): Promise<void> {
    const sessions = this.sessions.get(streamId) ?? new Set();
    this.sessions.set(streamId, sessions.add(sessionId));
    this.#events.emit('viewer-joined', { streamId, viewerId: sessionId });
  }

  async leave(streamId: string, sessionId: string): Promise<void> {
    this.sessions.get(streamId)?.delete(sessionId);
    this.#events.emit('viewer-left', { streamId, viewerId: sessionId });
  }

  async heartbeat(_actor: Actor, { sessionId }: { readonly sessionId: string }): Promise<void> {
    this.beats.push(sessionId);
  }

  count(streamId: string): number {
    return this.sessions.get(streamId)?.size ?? 0;
  }
}

/** A chat in memory: numbered, deduplicated, told after a moment, as a database would. */
export class FakeChat implements ChatPort {
  readonly #events: ControlEvents;
  readonly messages: StreamChatMessage[] = [];
  epoch: string = v7();
  /** What was asked of the history. */
  readonly pages: object[] = [];
  /** What a test lets fail. */
  failure: Error | undefined;
  /** Messages that are stored, but neither told nor acknowledged: the server died. */
  swallow = 0;

  constructor(events: ControlEvents) {
    this.#events = events;
  }

  async send(
    actor: Actor,
    input: { readonly streamId: string; readonly content: string; readonly clientId: string },
  ) {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const { userId = '' } = actor;
    const known = this.messages.find(
      (message) => message.userId === userId && message.clientId === input.clientId,
    );
    if (known !== undefined) return known;
    const message: StreamChatMessage = {
      ...input,
      id: v7(),
      userId,
      seq: this.messages.length + 1,
      isPinned: false,
      isDeleted: false,
      isHighlighted: false,
      createdAt: new Date().toISOString(),
      user: { id: userId, displayName: 'Somebody' },
    };
    this.messages.push(message);
    if (this.swallow > 0) {
      this.swallow--;
      throw liveError('UNAVAILABLE', 'the database is away');
    }
    this.#events.emit('chat-message', message);
    return message;
  }

  async delete(actor: Actor, streamId: string, messageId: string) {
    this.#events.emit('chat-deleted', { streamId, messageId, deletedBy: actor.userId ?? '' });
  }

  async pin(_actor: Actor, streamId: string, messageId: string) {
    const message = this.messages.find(({ id }) => id === messageId);
    if (message === undefined) throw liveError('NOT_FOUND', messageId);
    this.#events.emit('chat-pinned', { streamId, message });
  }

  async unpin(_actor: Actor, streamId: string, messageId: string) {
    this.#events.emit('chat-unpinned', { streamId, messageId });
  }

  async since(
    _actor: Actor,
    page: { afterSeq?: number | undefined; beforeSeq?: number | undefined; limit: number },
  ) {
    this.pages.push(page);
    const { afterSeq, beforeSeq = Number.POSITIVE_INFINITY, limit } = page;
    const messages =
      afterSeq === undefined
        ? this.messages.filter(({ seq }) => seq < beforeSeq).slice(-limit)
        : this.messages.filter(({ seq }) => seq > afterSeq).slice(0, limit);
    return { epoch: this.epoch, lastSeq: this.messages.length, messages };
  }
}

/** Takes every reaction. */
export class FakeReactions implements ReactionPort {
  readonly #events: ControlEvents;

  constructor(events: ControlEvents) {
    this.#events = events;
  }

  async react(
    { userId = v7() }: Actor,
    { streamId, emoji }: { readonly streamId: string; readonly emoji: string },
  ) {
    this.#events.emit('reaction', {
      id: v7(),
      streamId,
      userId,
      emoji,
      reactionType: null,
      createdAt: new Date().toISOString(),
    });
  }
}

/** Takes every question. */
export class FakeQuestions implements QuestionPort {
  readonly #events: ControlEvents;

  constructor(events: ControlEvents) {
    this.#events = events;
  }

  async ask(
    { userId = '' }: Actor,
    { streamId, content }: { readonly streamId: string; readonly content: string },
  ) {
    const question: StreamQuestion = {
      ...{ id: v7(), streamId, userId, content },
      ...{ status: 'open', upvotes: 0, createdAt: new Date().toISOString() },
    };
    this.#events.emit('question-asked', question);
    return question;
  }

  async upvote(
    { userId = '' }: Actor,
    { streamId, questionId }: { readonly streamId: string; readonly questionId: string },
  ) {
    const question: StreamQuestion = {
      ...{ id: questionId, streamId, userId, content: 'why?' },
      ...{ status: 'open', upvotes: 1, createdAt: new Date().toISOString() },
    };
    this.#events.emit('question-updated', question);
    return question;
  }
}
