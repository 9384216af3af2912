import { question, type StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { barredKind, publicUserOf } from '../reactions/repository.ts';

/** What the rules of asking need to know of a stream. */
export interface QuestionRules {
  readonly status: string;
  readonly enableQa: boolean;
  /** Questions may come before the stream is live. */
  readonly waitingRoom: boolean;
  readonly barred: 'ban' | 'timeout' | undefined;
  readonly moderates: boolean;
}

/** The rules for one caller; undefined when the stream is not visible to them. */
export async function questionRules(
  tx: Tx,
  streamId: string,
  userId: string,
): Promise<QuestionRules | undefined> {
  const row = await tx
    .selectFrom('nchat_streams as s')
    .select([
      's.status',
      's.enable_qa',
      's.waiting_room',
      barredKind(userId),
      sql<boolean>`tallylight.moderates_stream(s.id)`.as('moderates'),
    ])
    .where('s.id', '=', streamId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    status: row.status,
    enableQa: row.enable_qa,
    waitingRoom: row.waiting_room,
    barred: row.barred ?? undefined,
    moderates: row.moderates,
  };
}

/** True when the caller may see the stream, and is not banned from one that is not for everybody. */
export async function streamIsVisible(tx: Tx, streamId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select('id')
    .where('id', '=', streamId)
    .where(sql<boolean>`tallylight.may_attend(id)`)
    .executeTakeFirst();
  return row !== undefined;
}

/** Writes a question; false when its asker had asked it already. */
export async function insertQuestion(
  tx: Tx,
  row: {
    readonly id: string;
    readonly streamId: string;
    readonly userId: string;
    readonly clientId: string;
    readonly content: string;
    readonly createdAt: Date;
  },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('nchat_stream_questions')
    .values({
      id: row.id,
      stream_id: row.streamId,
      user_id: row.userId,
      client_id: row.clientId,
      content: row.content,
      created_at: row.createdAt,
    })
    .onConflict((conflict) => conflict.columns(['stream_id', 'user_id', 'client_id']).doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Id of the question that a user asked under an id of their own. */
export async function askedBefore(
  tx: Tx,
  streamId: string,
  userId: string,
  clientId: string,
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('nchat_stream_questions')
    .select('id')
    .where('stream_id', '=', streamId)
    .where('user_id', '=', userId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  return row?.id;
}

/** How many questions of a user are open in a stream. */
export async function openQuestions(tx: Tx, streamId: string, userId: string): Promise<number> {
  const { n } = await tx
    .selectFrom('nchat_stream_questions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('stream_id', '=', streamId)
    .where('user_id', '=', userId)
    .where('status', '=', 'open')
    .executeTakeFirstOrThrow();
  return n;
}

function selectQuestions(tx: Tx, userId: string | undefined) {
  return tx
    .selectFrom('nchat_stream_questions as q')
    .leftJoin('users as u', 'u.id', 'q.user_id')
    .leftJoin('nchat_stream_question_votes as v', (join) =>
      join.onRef('v.question_id', '=', 'q.id').on('v.user_id', '=', userId ?? null),
    )
    .selectAll('q')
    .select(['u.username', 'u.display_name', 'u.avatar_url', 'v.user_id as voter']);
}

type QuestionRow = Awaited<ReturnType<ReturnType<typeof selectQuestions>['executeTakeFirstOrThrow']>>;

function questionOf(row: QuestionRow): StreamQuestion {
  return {
    id: row.id,
    streamId: row.stream_id,
    userId: row.user_id,
    content: row.content,
    status: question.shape.status.parse(row.status),
    ...(row.answer === null ? {} : { answer: row.answer }),
    upvotes: row.upvotes,
    hasUpvoted: row.voter !== null,
    ...(row.answered_at === null ? {} : { answeredAt: row.answered_at.toISOString() }),
    ...(row.answered_by === null ? {} : { answeredBy: row.answered_by }),
    createdAt: row.created_at.toISOString(),
    user: publicUserOf(row.user_id, row),
  };
}

/** One question of a stream, as a caller sees it; undefined when they do not. */
export async function findQuestion(
  tx: Tx,
  streamId: string,
  questionId: string,
  userId: string | undefined,
): Promise<StreamQuestion | undefined> {
  const row = await selectQuestions(tx, userId)
    .where('q.stream_id', '=', streamId)
    .where('q.id', '=', questionId)
    .executeTakeFirst();
  return row === undefined ? undefined : questionOf(row);
}

/** Which questions of a stream, in which order. */
export interface QuestionQuery {
  readonly streamId: string;
  readonly status: 'open' | 'answered' | 'dismissed' | 'all';
  readonly sort: 'upvotes' | 'new';
  readonly limit: number;
  readonly offset: number;
}

/** A page of the questions that a caller sees, and how many there are in all. */
export async function listQuestions(
  tx: Tx,
  query: QuestionQuery,
  userId: string | undefined,
): Promise<{ questions: StreamQuestion[]; total: number }> {
  let select = selectQuestions(tx, userId).where('q.stream_id', '=', query.streamId);
  let counted = tx
    .selectFrom('nchat_stream_questions as q')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('q.stream_id', '=', query.streamId);
  if (query.status !== 'all') {
    select = select.where('q.status', '=', query.status);
    counted = counted.where('q.status', '=', query.status);
  }
  if (query.sort === 'upvotes') select = select.orderBy('q.upvotes', 'desc');
  const rows = await select
    .orderBy('q.created_at', query.sort === 'new' ? 'desc' : 'asc')
    .orderBy('q.id')
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  const { n } = await counted.executeTakeFirstOrThrow();
  return { questions: rows.map(questionOf), total: n };
}

/** Votes for a question; the count follows in the database. Voting twice changes nothing. */
export async function insertVote(tx: Tx, questionId: string, userId: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('nchat_stream_question_votes')
    .values({ question_id: questionId, user_id: userId })
    .onConflict((conflict) => conflict.columns(['question_id', 'user_id']).doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Takes a vote back; false when there was none. */
export async function deleteVote(tx: Tx, questionId: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_stream_question_votes')
    .where('question_id', '=', questionId)
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Answers or dismisses a question. */
export async function settleQuestion(
  tx: Tx,
  questionId: string,
  settled: {
    readonly status: 'answered' | 'dismissed';
    readonly answer: string | null;
    readonly at: Date;
    readonly by: string;
  },
): Promise<void> {
  await tx
    .updateTable('nchat_stream_questions')
    .set({ status: settled.status, answer: settled.answer, answered_at: settled.at, answered_by: settled.by })
    .where('id', '=', questionId)
    .execute();
}

/** Removes an open question of the caller's own; false when it is none. */
export async function deleteQuestion(tx: Tx, questionId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_stream_questions')
    .where('id', '=', questionId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
