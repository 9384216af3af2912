import { reactionRoutes } from '@tallylight/protocol/routes/reactions.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { ReactionService } from './service.ts';

/** Puts the routes of reactions where the API finds them. */
export function reactionRoutesOf(api: ApiRoutes, deps: { readonly reactions: ReactionService }): void {
  const { reactions } = deps;
  api.on(reactionRoutes.send, ({ actor, params, body }) => reactions.send(actor, params.id, body));
  api.on(reactionRoutes.list, ({ actor, params, query }) => reactions.list(actor, params.id, query));
}
