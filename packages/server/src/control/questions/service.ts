import type { StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import {
  liveError,
  StreamNotFoundError,
  StreamNotLiveError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ControlEvents } from '../control-events.ts';
import { RateGate } from '../reactions/rate-gate.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from './questions-limits.ts';
import {
  askedBefore,
  deleteQuestion,
  deleteVote,
  findQuestion,
  insertQuestion,
  insertVote,
  listQuestions,
  openQuestions,
  type QuestionQuery,
  type QuestionRules,
  questionRules,
  settleQuestion,
  streamIsVisible,
} from './repository.ts';

/** What questions need. */
export interface QuestionServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  /** Default {@link DEFAULT_QUESTION_LIMITS}. */
  readonly limits?: Partial<QuestionLimits>;
}

/** A question as it is asked. */
export interface AskedQuestion {
  readonly streamId: string;
  /** 1 to 500 code points; blanks around them do not count. */
  readonly content: string;
  /** The asker's own id of it. */
  readonly clientId?: string | undefined;
}

/** A vote, or its withdrawal. */
export interface QuestionVote {
  readonly streamId: string;
  readonly questionId: string;
  /** Default true. */
  readonly isUpvoted?: boolean | undefined;
}

/** Questions of the audience and their answers. Everything is written before it is told or answered. */
export class QuestionService {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #clock: Clock;
  readonly #limits: QuestionLimits;
  readonly #asking: RateGate;
  readonly #voting: RateGate;

  constructor(options: QuestionServiceOptions) {
    this.#database = options.database;
    this.#events = options.events;
    this.#clock = options.clock;
    this.#limits = { ...DEFAULT_QUESTION_LIMITS, ...options.limits };
    this.#asking = new RateGate({ clock: options.clock, max: this.#limits.perMinute, windowMs: 60_000 });
    this.#voting = new RateGate({ clock: options.clock, max: this.#limits.votesPerSecond, windowMs: 1000 });
  }

  /**
   * Asks. The same `clientId` again answers with the question that it made. Rejects with STREAM_NOT_FOUND, QA_DISABLED, STREAM_NOT_LIVE,
   * VIEWER_BANNED, VIEWER_TIMED_OUT, RATE_LIMITED, or CONFLICT when too many of the caller's questions are open.
   */
  async ask(actor: Actor, asked: AskedQuestion): Promise<StreamQuestion> {
    const { streamId } = asked;
    const userId = userOf(actor);
    const content = this.#readable(asked.content);
    const clientId = asked.clientId ?? v7();
    const { question, isNew } = await this.#database.asUser(actor, async (tx) => {
      const rules = await visibleRules(tx, streamId, userId);
      await lockOwner(tx, 'open questions', userId);
      const before = await askedBefore(tx, streamId, userId, clientId);
      if (before !== undefined)
        return { question: await questionFor(tx, streamId, before, userId), isNew: false };
      assertMayAsk(rules, streamId, userId);
      if (!rules.moderates) await this.#assertNotTooMany(tx, streamId, userId);
      const id = v7();
      const isFirst = await insertQuestion(tx, {
        id,
        streamId,
        userId,
        clientId,
        content,
        createdAt: new Date(this.#clock.now()),
      });
      // The same one may have come twice at once: then the other was first.
      const made = isFirst ? id : ((await askedBefore(tx, streamId, userId, clientId)) ?? id);
      return { question: await questionFor(tx, streamId, made, userId), isNew: isFirst };
    });
    if (isNew) this.#events.emit('question-asked', withoutVote(question));
    return question;
  }

  /** A page of a stream's questions, as the caller sees them. */
  async list(actor: Actor, query: QuestionQuery): Promise<{ questions: StreamQuestion[]; total: number }> {
    return this.#database.asUser(actor, async (tx) => {
      if (!(await streamIsVisible(tx, query.streamId))) throw new StreamNotFoundError(query.streamId);
      return listQuestions(tx, query, actor.userId);
    });
  }

  /**
   * Votes for an open question, once, or takes the vote back. Rejects with NOT_FOUND, CONFLICT when it is no longer open, RATE_LIMITED,
   * VIEWER_BANNED or VIEWER_TIMED_OUT.
   */
  async upvote(actor: Actor, { streamId, questionId, isUpvoted }: QuestionVote): Promise<StreamQuestion> {
    const userId = userOf(actor);
    this.#takeVote(userId);
    if (isUpvoted === false)
      return this.#changed(actor, userId, streamId, questionId, (tx) => deleteVote(tx, questionId, userId));
    return this.#changed(actor, userId, streamId, questionId, async (tx, before) => {
      assertNotBarred(await visibleRules(tx, streamId, userId), streamId, userId);
      if (before.status !== 'open') throw liveError('CONFLICT', `question ${questionId} is ${before.status}`);
      return insertVote(tx, questionId, userId);
    });
  }

  /** Answers in writing, or without a text: marks it as answered in the stream. For moderators. */
  answer(actor: Actor, streamId: string, questionId: string, answer?: string): Promise<StreamQuestion> {
    return this.#settle(actor, streamId, questionId, 'answered', answer ?? null);
  }

  /** Puts a question aside: from then on only moderators and its asker see it. For moderators. */
  dismiss(actor: Actor, streamId: string, questionId: string): Promise<StreamQuestion> {
    return this.#settle(actor, streamId, questionId, 'dismissed', null);
  }

  /** Takes back a question of one's own that is open. To everybody else it is as if it had been dismissed. */
  async remove(actor: Actor, streamId: string, questionId: string): Promise<void> {
    const userId = userOf(actor);
    const question = await this.#database.asUser(actor, async (tx) => {
      const before = await questionFor(tx, streamId, questionId, userId);
      if (before.userId !== userId) throw liveError('FORBIDDEN', `question ${questionId} is somebody else's`);
      if (!(await deleteQuestion(tx, questionId)))
        throw liveError('CONFLICT', `question ${questionId} is ${before.status}`);
      return before;
    });
    this.#events.emit('question-updated', withoutText(withoutVote({ ...question, status: 'dismissed' })));
  }

  #settle(
    actor: Actor,
    streamId: string,
    questionId: string,
    status: 'answered' | 'dismissed',
    answer: string | null,
  ): Promise<StreamQuestion> {
    const userId = userOf(actor);
    return this.#changed(actor, userId, streamId, questionId, async (tx) => {
      const rules = await visibleRules(tx, streamId, userId);
      if (!rules.moderates) throw liveError('FORBIDDEN', 'Only moderators settle questions');
      await settleQuestion(tx, questionId, { status, answer, at: new Date(this.#clock.now()), by: userId });
      return true;
    });
  }

  /** Changes a question in one transaction, and tells what became of it if the work says that it changed. */
  async #changed(
    actor: Actor,
    userId: string,
    streamId: string,
    questionId: string,
    work: (tx: Tx, before: StreamQuestion) => Promise<boolean>,
  ): Promise<StreamQuestion> {
    const { question, isChanged } = await this.#database.asUser(actor, async (tx) => {
      const before = await questionFor(tx, streamId, questionId, userId);
      const isChanged = await work(tx, before);
      return { question: await questionFor(tx, streamId, questionId, userId), isChanged };
    });
    if (isChanged) {
      const told = withoutVote(question);
      this.#events.emit('question-updated', told.status === 'dismissed' ? withoutText(told) : told);
    }
    return question;
  }

  async #assertNotTooMany(tx: Tx, streamId: string, userId: string): Promise<void> {
    if ((await openQuestions(tx, streamId, userId)) >= this.#limits.openPerUser)
      throw liveError('CONFLICT', `at most ${this.#limits.openPerUser} of your questions can be open`);
    const waitMs = this.#asking.take(`${streamId} ${userId}`);
    if (waitMs > 0)
      throw liveError('RATE_LIMITED', 'Too many questions', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }

  #readable(text: string): string {
    const content = text.trim();
    const { contentLength } = this.#limits;
    if (content === '') throw liveError('INVALID_REQUEST', 'Question cannot be empty');
    if (Array.from(content).length > contentLength)
      throw liveError('INVALID_REQUEST', `Question too long (max ${contentLength} characters)`);
    // PostgreSQL keeps every character but this one.
    if (content.includes('\0')) throw liveError('INVALID_REQUEST', 'Question has a NUL character');
    return content;
  }

  #takeVote(userId: string): void {
    const waitMs = this.#voting.take(userId);
    if (waitMs > 0)
      throw liveError('RATE_LIMITED', 'Too many votes', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
}

function userOf(actor: Actor): string {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  return actor.userId;
}

async function visibleRules(tx: Tx, streamId: string, userId: string): Promise<QuestionRules> {
  const rules = await questionRules(tx, streamId, userId);
  if (rules === undefined) throw new StreamNotFoundError(streamId);
  return rules;
}

async function questionFor(
  tx: Tx,
  streamId: string,
  questionId: string,
  userId: string,
): Promise<StreamQuestion> {
  const question = await findQuestion(tx, streamId, questionId, userId);
  if (question === undefined) throw liveError('NOT_FOUND', `Question not found: ${questionId}`);
  return question;
}

function assertMayAsk(rules: QuestionRules, streamId: string, userId: string): void {
  assertNotBarred(rules, streamId, userId);
  if (!rules.enableQa) throw liveError('QA_DISABLED', 'Questions are disabled for this stream');
  const isAhead = rules.waitingRoom && ['scheduled', 'preparing'].includes(rules.status);
  if (rules.status !== 'live' && !isAhead) throw new StreamNotLiveError(streamId);
}

function assertNotBarred(rules: QuestionRules, streamId: string, userId: string): void {
  if (rules.barred === 'ban') throw new ViewerBannedError(userId, streamId);
  if (rules.barred === 'timeout')
    throw liveError('VIEWER_TIMED_OUT', `User ${userId} is timed out in stream ${streamId}`);
}

/** A broadcast is for everybody: whose vote it has is nobody's. */
function withoutVote(question: StreamQuestion): StreamQuestion {
  const { hasUpvoted: _, ...told } = question;
  return told;
}

/** What was put aside is not read out once more. */
function withoutText(question: StreamQuestion): StreamQuestion {
  const { answer: _, ...told } = question;
  return { ...told, content: '' };
}
