import { z } from 'zod';
import { streamParams, success, timestamp, uuid } from '../entities/basics.ts';
import { streamQuality, streamStatus } from '../entities/stream.ts';
import { viewerSession } from '../entities/viewing.ts';
import { defineRoute } from '../route.ts';

const tag = 'viewers';

/** `true` and `false` as they come in a query. */
const flag = z.enum(['true', 'false']).default('false');
const sessionId = z
  .string()
  .min(8)
  .max(64)
  .regex(/^[\w.:-]+$/, 'may have letters, digits and . _ : - only');
const sessionParams = streamParams.extend({ sessionId });
const secret = z.string().max(64).optional();

/** What a player tells of its playback. */
export const playbackReport = z.object({
  selectedQuality: streamQuality.optional(),
  /** Such as `ll-hls` or `webrtc`. */
  transport: z.string().max(20).optional(),
  latencyMs: z.number().min(0).max(3_600_000).optional(),
  /** Times that playback stood still since it began. */
  stalls: z.number().int().min(0).max(1_000_000).optional(),
  isPlaying: z.boolean().optional(),
});
/** See {@link playbackReport}. */
export type PlaybackReportInput = z.output<typeof playbackReport>;

/** A viewer as nchat's route has it; `metadata` only where it was asked for. */
export const viewerInfo = z.object({
  id: uuid,
  userId: uuid.optional(),
  username: z.string(),
  displayName: z.string(),
  avatarUrl: z.string().optional(),
  joinedAt: timestamp,
  /** Seconds watched. */
  duration: z.number().int(),
  isActive: z.boolean(),
  isAudioEnabled: z.boolean(),
  isVideoEnabled: z.boolean(),
  isScreenSharing: z.boolean(),
  metadata: z
    .object({
      selectedQuality: streamQuality,
      transport: z.string().optional(),
      country: z.string().optional(),
      device: z.string().optional(),
      browser: z.string().optional(),
      os: z.string().optional(),
      leftAt: timestamp.optional(),
      lastSeenAt: timestamp,
      stalls: z.number().int(),
      sentChatMessages: z.number().int(),
      sentReactions: z.number().int(),
    })
    .optional(),
});
/** See {@link viewerInfo}. */
export type ViewerInfo = z.output<typeof viewerInfo>;

/** Answer of the list of viewers. */
export const viewerList = z.object({
  success: z.literal(true),
  /** Viewers at this moment. */
  count: z.number().int(),
  viewers: z.array(viewerInfo),
  stats: z.object({
    active: z.number().int(),
    /** Playback sessions since the stream was made. */
    total: z.number().int(),
    streamStatus,
    /** Seconds since it began; absent before. */
    duration: z.number().int().optional(),
  }),
  pagination: z.object({
    total: z.number().int(),
    offset: z.number().int(),
    limit: z.number().int(),
    hasMore: z.boolean(),
  }),
  stream: z.object({
    id: uuid,
    name: z.string(),
    type: z.literal('stream'),
    status: streamStatus,
    startedAt: timestamp.optional(),
    /** Id of the broadcaster. */
    initiator: uuid,
  }),
});
/** See {@link viewerList}. */
export type ViewerList = z.output<typeof viewerList>;

/** Who watches a stream; and playback sessions of viewers who have no socket. */
export const viewerRoutes = {
  list: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/viewers',
    operation: 'listViewers',
    summary: 'How many watch a stream; for its owner, who',
    tag,
    access: 'public',
    params: streamParams,
    query: z.object({
      includeMetadata: flag,
      includeInactive: flag,
      sortBy: z.enum(['joinTime', 'username', 'duration']).default('joinTime'),
      sortOrder: z.enum(['asc', 'desc']).default('asc'),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    }),
    response: viewerList,
    errors: ['STREAM_NOT_FOUND'],
  }),
  join: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/viewers',
    operation: 'joinAsViewer',
    summary: 'Begin to watch, or go on with a session',
    tag,
    access: 'public',
    params: streamParams,
    body: playbackReport.extend({
      /** The player's own id of this playback, such as a UUID: joining twice with it is joining once. */
      sessionId,
      /** To go on with a session that is there, unless the caller signed in and it is theirs. */
      secret,
    }),
    response: z.object({
      session: viewerSession,
      /** What changes this session; nobody is told it again. */
      secret: z.string(),
      /** How often to send a heartbeat. */
      heartbeatSeconds: z.number().int(),
    }),
    errors: [
      'STREAM_NOT_FOUND',
      'STREAM_NOT_LIVE',
      'VIEWER_BANNED',
      'CONFLICT',
      'RATE_LIMITED',
      'UNAVAILABLE',
    ],
  }),
  heartbeat: defineRoute({
    method: 'PATCH',
    path: '/api/streams/:id/viewers/:sessionId',
    uncounted: true,
    operation: 'updateViewer',
    summary: 'Still watching: counts the time since the last heartbeat, and takes what the player tells',
    tag,
    access: 'public',
    params: sessionParams,
    body: playbackReport.extend({ secret }),
    response: viewerSession,
    errors: ['NOT_FOUND'],
  }),
  leave: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/viewers/:sessionId',
    operation: 'leaveAsViewer',
    summary: 'Stop watching',
    tag,
    access: 'public',
    params: sessionParams,
    body: z.object({ secret }).optional(),
    response: success,
    errors: ['NOT_FOUND'],
  }),
};
