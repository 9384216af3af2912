import { analyticsRoutes } from '@tallylight/protocol/routes/analytics.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { AnalyticsService } from './analytics-service.ts';

/** Puts the routes of analytics and quality metrics where the API finds them. */
export function analyticsRoutesOf(api: ApiRoutes, deps: { readonly analytics: AnalyticsService }): void {
  const { analytics } = deps;
  for (const route of [analyticsRoutes.get, analyticsRoutes.stats] as const)
    api.on(route, async ({ actor, params, query }) => ({
      analytics: await analytics.analytics(actor, params.id, query.timeRange, query.metrics),
    }));
  api.on(analyticsRoutes.metrics, ({ actor, params, query }) => analytics.metrics(actor, params.id, query));
}
