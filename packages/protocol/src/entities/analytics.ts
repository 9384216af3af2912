import { z } from 'zod';
import { timestamp, uuid } from './basics.ts';
import { streamStatus } from './stream.ts';

/** How far back figures reach: from now, or from the stream's end. */
export const timeRange = z.enum(['1h', '24h', '7d', '30d']);
/** See {@link timeRange}. */
export type TimeRange = z.output<typeof timeRange>;

/** A value and when it was so. */
const point = z.object({ timestamp, count: z.number() });

/** Who watched. */
const viewers = z.object({
  current: z.number().int(),
  peak: z.number().int(),
  /** Playback sessions since the stream was made. */
  total: z.number().int(),
  /** People who signed in, and sessions of who did not, in the range. */
  uniqueViewers: z.number().int(),
  /** Seconds. */
  averageWatchDuration: z.number(),
  average: z.number(),
  /** At most 60 points. */
  history: z.array(point),
});

/** How long it was live. */
const duration = z.object({
  totalSeconds: z.number().int(),
  startTime: timestamp.nullable(),
  endTime: timestamp.nullable(),
  status: streamStatus,
});

/** What viewers did. Rates are per minute of the range in which the stream was live; the last two are fractions of 1. */
const engagement = z.object({
  totalMessages: z.number().int(),
  messagesPerMinute: z.number(),
  averageMessageLength: z.number(),
  reactions: z.object({
    total: z.number().int(),
    perMinute: z.number(),
    /** By nchat's eight names; `other` is every other emoji. */
    byType: z.record(z.string(), z.number().int()),
  }),
  /** Viewers who wrote or reacted. */
  participationRate: z.number(),
  /** Viewers who are still there, or were there in the last minute. */
  retentionRate: z.number(),
  /** At most 60 points. */
  timeline: z.array(z.object({ timestamp, chat: z.number().int(), reactions: z.number().int() })),
});

/** How the broadcast was. The first three are of the newest sample, or what the stream is set to while there is none. */
const quality = z.object({
  resolution: z.string(),
  /** kbit/s */
  bitrate: z.number(),
  frameRate: z.number(),
  averageBitrate: z.number(),
  averageFps: z.number(),
  /** Mean of the range, 0–100; null without samples. */
  healthScore: z.number().nullable(),
  /** Samples below 80. */
  qualityIssues: z.number().int(),
  /** Times that the score fell below 80. */
  qualityDrops: z.number().int(),
  /** Times that playback stood still at some viewer's, as far as players tell. */
  stalls: z.number().int(),
});

/** Who watched from where and with what, by playback sessions of the range. */
const audience = z.object({
  qualityBreakdown: z.record(z.string(), z.number().int()),
  geographicBreakdown: z.array(
    z.object({ country: z.string(), viewers: z.number().int(), percentage: z.number() }),
  ),
  deviceBreakdown: z.array(
    z.object({
      device: z.string(),
      browser: z.string(),
      os: z.string(),
      viewers: z.number().int(),
      percentage: z.number(),
    }),
  ),
});

/** What a stream's owner may know of its audience and quality. Parts that were not asked for are absent. */
export const streamAnalytics = z.object({
  streamId: uuid,
  timeRange,
  generatedAt: timestamp,
  viewers: viewers.optional(),
  duration: duration.optional(),
  engagement: engagement.optional(),
  quality: quality.optional(),
  audience: audience.optional(),
});
/** See {@link streamAnalytics}. */
export type StreamAnalytics = z.output<typeof streamAnalytics>;
