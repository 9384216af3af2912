import { questionRoutes } from '@tallylight/protocol/routes/questions.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { QuestionService } from './service.ts';

/** Puts the routes of questions and answers where the API finds them. */
export function questionRoutesOf(api: ApiRoutes, deps: { readonly questions: QuestionService }): void {
  const { questions } = deps;
  api.on(questionRoutes.ask, ({ actor, params, body }) =>
    questions.ask(actor, { ...body, streamId: params.id }),
  );
  api.on(questionRoutes.list, ({ actor, params, query }) =>
    questions.list(actor, { ...query, streamId: params.id }),
  );
  api.on(questionRoutes.upvote, ({ actor, params }) =>
    questions.upvote(actor, { streamId: params.id, questionId: params.questionId }),
  );
  api.on(questionRoutes.undoUpvote, ({ actor, params }) =>
    questions.upvote(actor, { streamId: params.id, questionId: params.questionId, isUpvoted: false }),
  );
  api.on(questionRoutes.answer, ({ actor, params, body }) =>
    questions.answer(actor, params.id, params.questionId, body.answer),
  );
  api.on(questionRoutes.dismiss, ({ actor, params }) =>
    questions.dismiss(actor, params.id, params.questionId),
  );
  api.on(questionRoutes.remove, async ({ actor, params }) => {
    await questions.remove(actor, params.id, params.questionId);
    return { success: true as const };
  });
}
