import { subscriptionRoutes } from '@tallylight/protocol/routes/audience.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { SubscriptionService } from './service.ts';

/** Puts the routes of subscriptions where the API finds them. */
export function subscriptionRoutesOf(
  api: ApiRoutes,
  deps: { readonly subscriptions: SubscriptionService },
): void {
  const { subscriptions } = deps;
  api.on(subscriptionRoutes.put, ({ actor, params, body }) =>
    subscriptions.put(actor, params.id, params.userId, body),
  );
  api.on(subscriptionRoutes.remove, async ({ actor, params }) => {
    await subscriptions.remove(actor, params.id, params.userId);
    return { success: true as const };
  });
  api.on(subscriptionRoutes.list, ({ actor, params, query }) => subscriptions.list(actor, params.id, query));
}
