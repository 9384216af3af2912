import type { StreamAnalytics, TimeRange } from '@tallylight/protocol/entities/analytics.ts';
import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { StreamUnauthorizedError } from '@tallylight/protocol/errors.ts';
import { ANALYTICS_PARTS, type AnalyticsPart } from '@tallylight/protocol/routes/analytics.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import { type WatchedStream, watchedStream } from '../viewers/watched-stream.ts';
import {
  type AnalyticsRange,
  audienceBy,
  audienceTotals,
  newestPicture,
  qualityTotals,
  reactionsByType,
  talkTimeline,
  talkTotals,
  viewerHistory,
} from './analytics-repository.ts';
import { samplesBefore } from './repository.ts';

/** Length of the ranges, in milliseconds. */
const RANGE_MS: Readonly<Record<TimeRange, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

/** Which samples of a stream. */
export interface MetricsQuery {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A stream, the range, and everything that depends on both. */
interface Question {
  readonly stream: WatchedStream;
  readonly range: AnalyticsRange;
  /** Minutes of the range. */
  readonly minutes: number;
}

/** What owners may know of their streams' audience and quality. */
export class AnalyticsService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #viewers: { count(streamId: string): number };

  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    /** Playback sessions of a stream at this moment. */
    readonly viewers: { count(streamId: string): number };
  }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#viewers = options.viewers;
  }

  /** Rejects with STREAM_NOT_FOUND for a stream that the actor may not know of, STREAM_UNAUTHORIZED for one that is not theirs. */
  async analytics(
    actor: Actor,
    streamId: string,
    range: TimeRange,
    metrics: string,
  ): Promise<StreamAnalytics> {
    const stream = await this.#owned(actor, streamId);
    const question = this.#question(stream, range);
    const asked = partsOf(metrics);
    // As the service only now that the caller is known to own the stream: the policies would be asked again for each of all these rows.
    return this.#database.asService(async (tx) => ({
      ...{ streamId, timeRange: range, generatedAt: new Date(this.#clock.now()).toISOString() },
      ...(asked.has('viewers') ? { viewers: await this.#viewersOf(tx, question) } : {}),
      ...(asked.has('duration') ? { duration: this.#durationOf(stream) } : {}),
      ...(asked.has('engagement') ? { engagement: await engagementOf(tx, question) } : {}),
      ...(asked.has('quality') ? { quality: await qualityOf(tx, question) } : {}),
      ...(asked.has('audience') ? { audience: await audienceOf(tx, question) } : {}),
    }));
  }

  /** A page of samples, newest first. Rejects as {@link analytics} does. */
  async metrics(
    actor: Actor,
    streamId: string,
    query: MetricsQuery,
  ): Promise<{ readonly metrics: StreamQualityMetrics[]; readonly next?: string }> {
    await this.#owned(actor, streamId);
    const before = query.before === undefined ? new Date(this.#clock.now() + 1) : new Date(query.before);
    const after = query.after === undefined ? undefined : new Date(query.after);
    // As above. One more than asked for tells whether there is a next page.
    const metrics = await this.#database.asService((tx) =>
      samplesBefore(tx, streamId, { before, after, limit: query.limit + 1 }),
    );
    const page = metrics.slice(0, query.limit);
    const last = page.at(-1);
    return {
      metrics: page,
      ...(metrics.length > page.length && last !== undefined ? { next: last.recordedAt } : {}),
    };
  }

  async #owned(actor: Actor, streamId: string): Promise<WatchedStream> {
    const stream = await this.#database.asUser(actor, (tx) => watchedStream(tx, streamId, actor.userId));
    if (!stream.owns) throw new StreamUnauthorizedError('Access denied');
    return stream;
  }

  #question(stream: WatchedStream, range: TimeRange): Question {
    const to = stream.endedAt ?? new Date(this.#clock.now());
    const earliestMs = to.getTime() - RANGE_MS[range];
    const from = new Date(Math.max(earliestMs, stream.startedAt?.getTime() ?? earliestMs));
    const minutes = stream.startedAt === undefined ? 0 : (to.getTime() - from.getTime()) / 60_000;
    return { stream, range: { streamId: stream.id, from, to }, minutes };
  }

  async #viewersOf(tx: Tx, { stream, range }: Question): Promise<StreamAnalytics['viewers']> {
    const totals = await audienceTotals(tx, range);
    const { viewers } = await qualityTotals(tx, range);
    const current = this.#viewers.count(stream.id);
    return {
      current,
      peak: Math.max(stream.peakViewerCount, current),
      total: stream.totalViewCount,
      uniqueViewers: totals.people,
      averageWatchDuration: rounded(totals.watch_sec),
      average: rounded(viewers),
      history: await viewerHistory(tx, range),
    };
  }

  #durationOf({ startedAt, endedAt, status }: WatchedStream): StreamAnalytics['duration'] {
    const untilMs = endedAt?.getTime() ?? this.#clock.now();
    return {
      totalSeconds:
        startedAt === undefined ? 0 : Math.max(0, Math.round((untilMs - startedAt.getTime()) / 1000)),
      startTime: startedAt?.toISOString() ?? null,
      endTime: endedAt?.toISOString() ?? null,
      status,
    };
  }
}

async function engagementOf(tx: Tx, { range, minutes }: Question): Promise<StreamAnalytics['engagement']> {
  const talk = await talkTotals(tx, range);
  const byType = await reactionsByType(tx, range);
  const { sessions, people, stayed } = await audienceTotals(tx, range);
  const reactions = [...byType.values()].reduce((sum, count) => sum + count, 0);
  return {
    totalMessages: talk.messages,
    messagesPerMinute: rounded(ratio(talk.messages, minutes)),
    averageMessageLength: rounded(talk.message_length),
    reactions: {
      total: reactions,
      perMinute: rounded(ratio(reactions, minutes)),
      byType: Object.fromEntries(byType),
    },
    // Who writes need not watch: a fraction all the same.
    participationRate: rounded(Math.min(1, ratio(talk.participants, people))),
    retentionRate: rounded(ratio(stayed, sessions)),
    timeline: await talkTimeline(tx, range),
  };
}

async function qualityOf(tx: Tx, { stream, range }: Question): Promise<StreamAnalytics['quality']> {
  const totals = await qualityTotals(tx, range);
  const newest = await newestPicture(tx, range);
  const { stalls } = await audienceTotals(tx, range);
  return {
    resolution: newest?.resolution ?? stream.maxResolution,
    bitrate: newest?.bitrate_kbps ?? stream.bitrateKbps,
    frameRate: newest?.fps ?? stream.fps,
    averageBitrate: Math.round(totals.bitrate),
    averageFps: rounded(totals.fps),
    healthScore: totals.health === null ? null : rounded(totals.health),
    ...{ qualityIssues: totals.issues, qualityDrops: totals.drops, stalls },
  };
}

async function audienceOf(tx: Tx, { range }: Question): Promise<StreamAnalytics['audience']> {
  const { sessions } = await audienceTotals(tx, range);
  const share = (viewers: number): number => rounded(100 * ratio(viewers, sessions));
  const qualities = await audienceBy(tx, range, ['selected_quality']);
  const countries = await audienceBy(tx, range, ['country']);
  const devices = await audienceBy(tx, range, ['device', 'browser', 'os']);
  return {
    qualityBreakdown: Object.fromEntries(
      qualities.map(({ selected_quality, viewers }) => [selected_quality, viewers]),
    ),
    geographicBreakdown: countries.map(({ country, viewers }) => ({
      ...{ country, viewers, percentage: share(viewers) },
    })),
    deviceBreakdown: devices.map(({ device, browser, os, viewers }) => ({
      ...{ device, browser, os, viewers, percentage: share(viewers) },
    })),
  };
}

function partsOf(metrics: string): ReadonlySet<AnalyticsPart> {
  const asked = new Set(metrics.split(','));
  return new Set(ANALYTICS_PARTS.filter((part) => asked.has('all') || asked.has(part)));
}

function ratio(of: number, to: number): number {
  return to > 0 ? of / to : 0;
}

/** To hundredths. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
