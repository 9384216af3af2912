import { z } from 'zod';
import { page, streamParams, success, uuid } from '../entities/basics.ts';
import { question } from '../entities/talk.ts';
import { defineRoute } from '../route.ts';

const questionParams = streamParams.extend({ questionId: uuid });

/** Path, access and errors that all of them share. */
const shared = { tag: 'Questions', params: questionParams } as const;

/** A question as it is asked. `clientId` is the asker's own id of it: sent twice, it is asked once. */
export const askInput = z.object({
  /** 1 to 500 code points without the blanks around them; the service checks, for sockets too. */
  content: z.string().max(4000),
  clientId: z.string().min(1).max(64).optional(),
});
/** See {@link askInput}. */
export type AskInput = z.input<typeof askInput>;

/** The routes of a stream's questions and answers. */
export const questionRoutes = {
  ask: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/questions',
    operation: 'askQuestion',
    summary: 'Ask the broadcaster a question',
    tag: 'Questions',
    access: 'user',
    params: streamParams,
    body: askInput,
    response: question,
    errors: [
      'STREAM_NOT_FOUND',
      'STREAM_NOT_LIVE',
      'QA_DISABLED',
      'VIEWER_BANNED',
      'VIEWER_TIMED_OUT',
      'RATE_LIMITED',
      'CONFLICT',
    ],
  }),
  list: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/questions',
    operation: 'listQuestions',
    summary: 'Questions of a stream; dismissed ones are there for moderators and their askers only',
    tag: 'Questions',
    access: 'public',
    params: streamParams,
    query: page.extend({
      status: z.enum(['open', 'answered', 'dismissed', 'all']).default('all'),
      sort: z.enum(['upvotes', 'new']).default('upvotes'),
    }),
    response: z.object({ questions: z.array(question), total: z.number().int() }),
    errors: ['STREAM_NOT_FOUND'],
  }),
  upvote: defineRoute({
    ...shared,
    method: 'POST',
    path: '/api/streams/:id/questions/:questionId/upvote',
    operation: 'upvoteQuestion',
    summary: 'Vote for an open question; voting twice counts once',
    access: 'user',
    response: question,
    errors: ['NOT_FOUND', 'CONFLICT', 'VIEWER_BANNED', 'VIEWER_TIMED_OUT', 'RATE_LIMITED'],
  }),
  undoUpvote: defineRoute({
    ...shared,
    method: 'DELETE',
    path: '/api/streams/:id/questions/:questionId/upvote',
    operation: 'undoQuestionUpvote',
    summary: 'Take a vote back',
    access: 'user',
    response: question,
    errors: ['NOT_FOUND', 'RATE_LIMITED'],
  }),
  answer: defineRoute({
    ...shared,
    method: 'POST',
    path: '/api/streams/:id/questions/:questionId/answer',
    operation: 'answerQuestion',
    summary: 'Answer a question in writing, or mark it as answered in the stream',
    access: 'user',
    body: z.object({ answer: z.string().trim().min(1).max(2000).optional() }).default({}),
    response: question,
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
  dismiss: defineRoute({
    ...shared,
    method: 'POST',
    path: '/api/streams/:id/questions/:questionId/dismiss',
    operation: 'dismissQuestion',
    summary: 'Put a question aside, unseen by others',
    access: 'user',
    response: question,
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
  remove: defineRoute({
    ...shared,
    method: 'DELETE',
    path: '/api/streams/:id/questions/:questionId',
    operation: 'deleteQuestion',
    summary: 'Take back a question of one’s own that is still open',
    access: 'user',
    response: success,
    errors: ['NOT_FOUND', 'FORBIDDEN', 'CONFLICT'],
  }),
};
