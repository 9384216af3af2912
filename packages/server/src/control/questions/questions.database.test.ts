import type { StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { AudienceFixture } from '../channels/testing/audience-fixture.ts';
import { DEFAULT_QUESTION_LIMITS } from './questions-limits.ts';
import { QuestionService } from './service.ts';

type Person = Actor & { userId: string };

let at: AudienceFixture;
let owner: Person;
let moderator: Person;
let asker: Person;
let voter: Person;
let channelId: string;
let streamId: string;
let service: QuestionService;
const asked: StreamQuestion[] = [];
const updated: StreamQuestion[] = [];

beforeAll(async () => {
  at = await AudienceFixture.create();
  [owner, moderator] = [await at.person('owner'), await at.person('moderator')];
  channelId = await at.channel(owner);
  await at.join(channelId, moderator, 'moderator');
  at.events.on('question-asked', (question) => asked.push(question));
  at.events.on('question-updated', (question) => updated.push(question));
});
afterAll(() => at.drop());
beforeEach(async () => {
  const mark = Math.random().toString(36).slice(2, 10);
  [asker, voter] = [await at.person(`asker-${mark}`), await at.person(`voter-${mark}`)];
  streamId = await at.stream(channelId, owner);
  service = new QuestionService({ events: at.events, clock: at.clock, database: at.database });
  asked.length = 0;
  updated.length = 0;
});

const all = { status: 'all', sort: 'upvotes', limit: 50, offset: 0 } as const;
const list = (actor: Actor, query: object = {}) => service.list(actor, { ...all, streamId, ...query });

describe('asking', () => {
  test('a question is written, told without votes, and listed', async () => {
    const question = await service.ask(asker, { streamId, content: 'Why?' });
    expect(question).toMatchObject({ content: 'Why?', status: 'open', upvotes: 0, hasUpvoted: false });
    expect(asked).toMatchObject([{ id: question.id, user: { id: asker.userId } }]);
    expect(asked[0]).not.toHaveProperty('hasUpvoted');
    expect(await list(NOBODY)).toEqual({ questions: [question], total: 1 });
  });

  test('the same client id, even twice at once, asks once', async () => {
    const input = { content: 'Why?', clientId: '__proto__' };
    const answers = await Promise.all([1, 2, 3].map(() => service.ask(asker, { streamId, ...input })));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(asked).toHaveLength(1);
    for (let i = 0; i < 5; i++) await service.ask(asker, { streamId, ...input });
    expect((await list(NOBODY)).total).toBe(1);
  });

  test('three a minute pass, the fourth is refused until a minute after the first; moderators are exempt', async () => {
    for (let i = 0; i < DEFAULT_QUESTION_LIMITS.perMinute; i++)
      await service.ask(asker, { streamId, content: `${i}` });
    await expect(service.ask(asker, { streamId, content: 'x' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 60 },
    });
    at.clock.advance(60_000);
    await service.ask(asker, { streamId, content: 'x' });
    for (let i = 0; i < 5; i++) await service.ask(moderator, { streamId, content: `${i}` });
  });

  test('as many as allowed can be open, one more cannot', async () => {
    const strict = new QuestionService({
      events: at.events,
      clock: at.clock,
      database: at.database,
      limits: { openPerUser: 2 },
    });
    const first = await strict.ask(asker, { streamId, content: '1' });
    await strict.ask(asker, { streamId, content: '2' });
    await expect(strict.ask(asker, { streamId, content: '3' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await strict.answer(owner, streamId, first.id);
    await strict.ask(asker, { streamId, content: '3' });
  });

  test('500 code points pass, 501, none and NUL are refused', async () => {
    const longest = '😀'.repeat(DEFAULT_QUESTION_LIMITS.contentLength);
    expect((await service.ask(asker, { streamId, content: ` ${longest}\n` })).content).toBe(longest);
    for (const content of [`${longest}x`, ' ', 'a\0b'])
      await expect(service.ask(asker, { streamId, content })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
  });

  test.each([
    [{ enable_qa: false }, 'QA_DISABLED'],
    [{ status: 'ended' }, 'STREAM_NOT_LIVE'],
    [{ status: 'scheduled' }, 'STREAM_NOT_LIVE'],
    [{ visibility: 'private' }, 'STREAM_NOT_FOUND'],
  ])('in a stream with %j it is refused with %s', async (columns, code) => {
    const id = await at.stream(channelId, owner, columns);
    await expect(service.ask(asker, { streamId: id, content: 'x' })).rejects.toMatchObject({ code });
  });

  test('a waiting room takes questions before the stream is live', async () => {
    const id = await at.stream(channelId, owner, { status: 'scheduled', waiting_room: true });
    await expect(service.ask(asker, { streamId: id, content: 'x' })).resolves.toMatchObject({
      status: 'open',
    });
  });

  test('who is banned or timed out neither asks nor votes', async () => {
    const question = await service.ask(asker, { streamId, content: 'x' });
    await at.ban(channelId, streamId, voter);
    await at.ban(channelId, null, asker, 'timeout');
    await expect(service.ask(voter, { streamId, content: 'x' })).rejects.toMatchObject({
      code: 'VIEWER_BANNED',
    });
    await expect(service.upvote(voter, { streamId, questionId: question.id })).rejects.toMatchObject({
      code: 'VIEWER_BANNED',
    });
    await expect(service.ask(asker, { streamId, content: 'x' })).rejects.toMatchObject({
      code: 'VIEWER_TIMED_OUT',
    });
  });
});

describe('votes', () => {
  test('count once for each user, also at once, and can be taken back', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'x' });
    await Promise.all([1, 2, 3].map(() => service.upvote(voter, { streamId, questionId: id })));
    expect(await service.upvote(asker, { streamId, questionId: id })).toMatchObject({
      upvotes: 2,
      hasUpvoted: true,
    });
    expect(updated).toHaveLength(2);
    expect(updated.at(-1)).toMatchObject({ id, upvotes: 2 });
    expect((await list(voter)).questions[0]).toMatchObject({ hasUpvoted: true });
    expect((await list(owner)).questions[0]).toMatchObject({ hasUpvoted: false });
    expect(await service.upvote(voter, { streamId, questionId: id, isUpvoted: false })).toMatchObject({
      upvotes: 1,
      hasUpvoted: false,
    });
    expect(await service.upvote(voter, { streamId, questionId: id, isUpvoted: false })).toMatchObject({
      upvotes: 1,
    });
  });

  test('sort the list; new ones first on request', async () => {
    const ids: string[] = [];
    for (const content of ['a', 'b', 'c']) {
      ids.push((await service.ask(asker, { streamId, content })).id);
      at.clock.advance(1000);
    }
    await service.upvote(voter, { streamId, questionId: ids[1] ?? '' });
    const order = async (query: object) =>
      (await list(NOBODY, query)).questions.map(({ content }) => content);
    expect(await order({})).toEqual(['b', 'a', 'c']);
    expect(await order({ sort: 'new' })).toEqual(['c', 'b', 'a']);
    expect(await order({ limit: 1, offset: 1 })).toEqual(['a']);
  });

  test('five a second pass, the sixth is refused', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'x' });
    for (let i = 0; i < DEFAULT_QUESTION_LIMITS.votesPerSecond; i++)
      await (i % 2 === 0
        ? service.upvote(voter, { streamId, questionId: id })
        : service.upvote(voter, { streamId, questionId: id, isUpvoted: false }));
    await expect(service.upvote(voter, { streamId, questionId: id })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });
});

describe('settling', () => {
  test('moderators answer in writing or in the stream; nobody else does', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'x' });
    await expect(service.answer(asker, streamId, id, 'me')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await service.answer(moderator, streamId, id, 'Because.')).toMatchObject({
      status: 'answered',
      answer: 'Because.',
      answeredBy: moderator.userId,
    });
    expect(updated.at(-1)).toMatchObject({ id, status: 'answered', answer: 'Because.' });
    await expect(service.upvote(voter, { streamId, questionId: id })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await list(NOBODY, { status: 'open' })).total).toBe(0);
    expect((await list(NOBODY, { status: 'answered' })).total).toBe(1);
    const other = await service.ask(asker, { streamId, content: 'y' });
    expect(await service.answer(owner, streamId, other.id)).not.toHaveProperty('answer');
  });

  test('a dismissed question is seen by moderators and its asker only, and its text is not told again', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'rude' });
    await expect(service.dismiss(voter, streamId, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await service.dismiss(moderator, streamId, id);
    expect(updated.at(-1)).toMatchObject({ id, status: 'dismissed', content: '' });
    expect([(await list(NOBODY)).total, (await list(voter)).total]).toEqual([0, 0]);
    expect([(await list(asker)).total, (await list(moderator)).total]).toEqual([1, 1]);
    await expect(service.upvote(voter, { streamId, questionId: id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('one takes back one’s own open question, not another’s, not an answered one', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'x' });
    await service.upvote(voter, { streamId, questionId: id });
    await expect(service.remove(voter, streamId, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await service.remove(asker, streamId, id);
    expect((await list(asker)).total).toBe(0);
    expect(updated.at(-1)).toMatchObject({ id, status: 'dismissed', content: '' });
    const answered = await service.ask(asker, { streamId, content: 'y' });
    await service.answer(owner, streamId, answered.id);
    await expect(service.remove(asker, streamId, answered.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('a question is found below its own stream only', async () => {
    const { id } = await service.ask(asker, { streamId, content: 'x' });
    const other = await at.stream(channelId, owner);
    await expect(service.dismiss(owner, other, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
