import { z } from 'zod';
import { streamAnalytics, timeRange } from '../entities/analytics.ts';
import { givenTime, streamParams, timestamp } from '../entities/basics.ts';
import { qualityMetrics } from '../entities/viewing.ts';
import { defineRoute } from '../route.ts';

const tag = 'analytics';

/** Parts of the analytics. */
export const ANALYTICS_PARTS = ['viewers', 'duration', 'engagement', 'quality', 'audience'] as const;
/** One of {@link ANALYTICS_PARTS}. */
export type AnalyticsPart = (typeof ANALYTICS_PARTS)[number];

const query = z.object({
  timeRange: timeRange.default('1h'),
  /** Names of parts with commas between, or `all`. */
  metrics: z
    .string()
    .regex(
      new RegExp(`^(?:all|${ANALYTICS_PARTS.join('|')})(?:,(?:all|${ANALYTICS_PARTS.join('|')}))*$`),
      `must be all, or some of ${ANALYTICS_PARTS.join(', ')} with commas between`,
    )
    .default('all'),
});
const response = z.object({ analytics: streamAnalytics });

/** What a stream's owner may know of its audience and quality. */
export const analyticsRoutes = {
  get: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/analytics',
    operation: 'getStreamAnalytics',
    summary: "A stream's audience, engagement and quality, for its owner",
    tag,
    access: 'user',
    params: streamParams,
    query,
    response,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  stats: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/stats',
    operation: 'getStreamStats',
    summary: 'The same as `GET /api/streams/:id/analytics`',
    tag,
    access: 'user',
    params: streamParams,
    query,
    response,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  metrics: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/metrics',
    operation: 'listStreamMetrics',
    summary: 'Quality of a stream every five seconds, newest first, for its owner',
    tag,
    access: 'user',
    params: streamParams,
    query: z.object({
      /** Only samples before this moment: `next` of the page before. Default now. */
      before: givenTime.optional(),
      /** Only samples since this moment. */
      after: givenTime.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(720),
    }),
    response: z.object({
      metrics: z.array(qualityMetrics),
      /** `before` of the next page; absent on the last one. */
      next: timestamp.optional(),
    }),
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
};
