import type { StreamViewer } from '@tallylight/protocol/entities/viewing.ts';
import { StreamNotLiveError, ViewerBannedError } from '@tallylight/protocol/errors.ts';
import {
  type PlaybackReportInput,
  type ViewerList,
  viewerRoutes,
} from '@tallylight/protocol/routes/viewers.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PlaybackReport, PlaybackSession } from './playback-session.ts';
import { viewerPage } from './viewer-rows.ts';
import type { ViewerService } from './viewer-service.ts';
import { type WatchedStream, watchedStream } from './watched-stream.ts';

/** How often players without a socket are asked to send a heartbeat, in seconds: two may be lost. */
const HEARTBEAT_SECONDS = 10;
/** States of a stream that nobody can watch any more. */
const OVER: ReadonlySet<string> = new Set(['ended', 'cancelled', 'failed']);

/** What the routes of viewers need. */
export interface ViewerRoutesDeps {
  readonly viewers: ViewerService;
  readonly database: Database;
  readonly clock: Clock;
}

/** Puts the routes of viewers where the API finds them. */
export function viewerRoutesOf(api: ApiRoutes, deps: ViewerRoutesDeps): void {
  const { viewers, database, clock } = deps;
  api.on(viewerRoutes.list, async ({ actor, params, query }): Promise<ViewerList> => {
    const stream = await database.asUser(actor, (tx) => watchedStream(tx, params.id, actor.userId));
    const { limit, offset } = query;
    // As the service only now that the caller is known to own the stream: the policy would be asked again for each row.
    const page = stream.owns
      ? await database.asService((tx) =>
          viewerPage(tx, params.id, {
            ...query,
            includeMetadata: query.includeMetadata === 'true',
            includeInactive: query.includeInactive === 'true',
          }),
        )
      : { viewers: [], total: 0 };
    const count = viewers.count(params.id);
    return {
      success: true,
      count,
      viewers: [...page.viewers],
      stats: {
        active: count,
        total: stream.totalViewCount,
        streamStatus: stream.status,
        ...durationOf(stream, clock),
      },
      pagination: { total: page.total, offset, limit, hasMore: offset + page.viewers.length < page.total },
      stream: {
        ...{ id: stream.id, name: stream.title, type: 'stream', status: stream.status },
        ...(stream.startedAt === undefined ? {} : { startedAt: stream.startedAt.toISOString() }),
        initiator: stream.broadcasterId,
      },
    };
  });
  api.on(viewerRoutes.join, async ({ actor, params, body, address, userAgent }) => {
    const stream = await database.asUser(actor, (tx) => watchedStream(tx, params.id, actor.userId));
    if (stream.isBanned && !stream.owns) throw new ViewerBannedError(actor.userId ?? '', params.id);
    if (OVER.has(stream.status)) throw new StreamNotLiveError(params.id);
    const { sessionId } = body;
    const opened = await viewers.open(
      { streamId: params.id, sessionId, actor, address, userAgent },
      reportOf(body),
      body.secret,
    );
    return {
      session: viewerOf(opened.session),
      secret: opened.secret,
      heartbeatSeconds: HEARTBEAT_SECONDS,
    };
  });
  api.on(viewerRoutes.heartbeat, async ({ actor, params, body }) => {
    const { secret } = body;
    const proof = { streamId: params.id, sessionId: params.sessionId, actor, secret };
    return viewerOf(await viewers.beat(proof, reportOf(body)));
  });
  api.on(viewerRoutes.leave, async ({ actor, params, body }) => {
    const secret = body?.secret;
    await viewers.close({ streamId: params.id, sessionId: params.sessionId, actor, secret });
    return { success: true as const };
  });
}

function durationOf(
  { startedAt, endedAt }: WatchedStream,
  clock: Clock,
): Pick<ViewerList['stats'], 'duration'> {
  if (startedAt === undefined) return {};
  const untilMs = endedAt?.getTime() ?? clock.now();
  return { duration: Math.max(0, Math.round((untilMs - startedAt.getTime()) / 1000)) };
}

function reportOf({
  selectedQuality,
  transport,
  latencyMs,
  stalls,
  isPlaying,
}: PlaybackReportInput): PlaybackReport {
  return { quality: selectedQuality, transport, latencyMs, stalls, isPlaying };
}

/** A session as its own viewer may see it; counts are those since this server knows it. */
function viewerOf(session: PlaybackSession): StreamViewer {
  const { streamId, sessionId, country, device, browser, os } = session.start;
  const { transport, quality } = session.report;
  const known = Object.entries({ userId: session.userId, transport, country, device, browser, os });
  return {
    ...{ id: session.id, streamId, sessionId },
    ...Object.fromEntries(known.filter(([, value]) => value !== undefined)),
    joinedAt: new Date(session.joinedAtMs).toISOString(),
    ...(session.leftAtMs === undefined ? {} : { leftAt: new Date(session.leftAtMs).toISOString() }),
    isActive: session.present,
    totalWatchTimeSeconds: session.watchedSec,
    selectedQuality: quality ?? 'auto',
    ...{ sentChatMessages: session.chatMessages, sentReactions: session.reactions },
    updatedAt: new Date(session.seenAtMs).toISOString(),
  };
}
