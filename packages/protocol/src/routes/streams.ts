import { z } from 'zod';
import { page, publicUser, streamParams, success, timestamp, uuid } from '../entities/basics.ts';
import { createStreamInput, stream, streamStatus, updateStreamInput } from '../entities/stream.ts';
import { defineRoute } from '../route.ts';

const tag = 'streams';

/** nchat's own words for a create without what it needs. */
const required = 'channelId and title are required';

/** Body of a create: unknown members are ignored. */
export const createStreamBody = createStreamInput.extend({
  channelId: z.uuid({ error: ({ input }) => (input === undefined ? required : 'channelId must be a UUID') }),
  title: z
    .string({ error: ({ input }) => (input === undefined ? required : 'title must be text') })
    .trim()
    .min(1, required)
    .max(200, 'title must not be longer than 200 characters'),
});

/** What nchat's page of a stream reads, beside the stream itself. */
export const streamMetadata = z.object({
  id: uuid,
  title: z.string(),
  description: z.string().optional(),
  thumbnailUrl: z.string().optional(),
  status: streamStatus,
  isLive: z.boolean(),
  startedAt: timestamp.optional(),
  scheduledAt: timestamp.optional(),
  viewerCount: z.number().int(),
  tags: z.array(z.string()),
  language: z.string(),
  streamer: publicUser.extend({ name: z.string().optional() }),
});
/** See {@link streamMetadata}. */
export type StreamMetadata = z.output<typeof streamMetadata>;

/** A stream with what belongs to its page. */
export const streamDetails = stream.extend({
  metadata: streamMetadata,
  /** The multivariant playlist; of a private stream with a token that lasts an hour. */
  streamUrl: z.string(),
  /** The caller may change it. */
  isOwner: z.boolean(),
  isModerator: z.boolean(),
});
/** See {@link streamDetails}. */
export type StreamDetails = z.output<typeof streamDetails>;

/** Which streams a list has. `limit` 1–100, `offset` for the next page; the answer's `X-Has-More` tells whether there is one. */
const filters = {
  channelId: uuid.optional(),
  tag: z.string().trim().min(1).max(40).optional(),
  language: z.string().min(2).max(10).optional(),
};
const listQuery = page.extend(filters);

const streams = z.array(stream);

const pictures = ['image/jpeg', 'image/png', 'image/webp'] as const;

/** Streams: their life, settings, keys, pictures and schedule. */
export const streamRoutes = {
  create: defineRoute({
    method: 'POST',
    path: '/api/streams/create',
    operation: 'createStream',
    summary: 'Make a stream: `scheduled` with `scheduledAt`, `preparing` without',
    tag,
    access: 'account',
    body: createStreamBody,
    response: stream,
    bothSpellings: true,
    idempotent: true,
    errors: ['STREAM_UNAUTHORIZED', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'],
  }),
  createAtRoot: defineRoute({
    method: 'POST',
    path: '/api/streams',
    operation: 'createStreamAtRoot',
    summary: 'The same as `POST /api/streams/create`',
    tag,
    access: 'account',
    body: createStreamBody,
    response: stream,
    bothSpellings: true,
    idempotent: true,
    errors: ['STREAM_UNAUTHORIZED', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'],
  }),
  schedule: defineRoute({
    method: 'POST',
    path: '/api/streams/schedule',
    operation: 'scheduleStream',
    summary: 'Make a stream that begins at `scheduledAt`',
    tag,
    access: 'account',
    body: createStreamBody.required({ scheduledAt: true }),
    response: stream,
    bothSpellings: true,
    idempotent: true,
    errors: ['STREAM_UNAUTHORIZED', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'],
  }),
  list: defineRoute({
    method: 'GET',
    path: '/api/streams',
    operation: 'listStreams',
    summary: 'Streams, newest first; with `userId` those of one broadcaster',
    tag,
    access: 'public',
    query: listQuery.extend({ userId: uuid.optional(), status: streamStatus.optional() }),
    response: streams,
    bothSpellings: true,
  }),
  live: defineRoute({
    method: 'GET',
    path: '/api/streams/live',
    operation: 'listLiveStreams',
    summary: 'Streams that are live now, newest first',
    tag,
    access: 'public',
    query: listQuery,
    response: streams,
    bothSpellings: true,
  }),
  scheduled: defineRoute({
    method: 'GET',
    path: '/api/streams/scheduled',
    operation: 'listScheduledStreams',
    summary: 'Streams to come, the next one first',
    tag,
    access: 'public',
    query: listQuery,
    response: streams,
    bothSpellings: true,
  }),
  past: defineRoute({
    method: 'GET',
    path: '/api/streams/past',
    operation: 'listPastStreams',
    summary: 'Streams that have ended, the last one first',
    tag,
    access: 'public',
    query: listQuery.extend({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
    response: streams,
    bothSpellings: true,
  }),
  get: defineRoute({
    method: 'GET',
    path: '/api/streams/:id',
    operation: 'getStream',
    summary: 'One stream; its owners see the masked key and where to publish',
    tag,
    access: 'public',
    params: streamParams,
    response: streamDetails,
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND'],
  }),
  update: defineRoute({
    method: 'PATCH',
    path: '/api/streams/:id',
    operation: 'updateStream',
    summary: 'Change settings; `null` clears what may be absent',
    tag,
    access: 'account',
    params: streamParams,
    body: updateStreamInput,
    response: stream,
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'CONFLICT'],
  }),
  remove: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id',
    operation: 'deleteStream',
    summary: 'Delete a stream with all that was said in it; a live one ends at once',
    tag,
    access: 'account',
    params: streamParams,
    response: success,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  start: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/start',
    operation: 'startStream',
    summary:
      'Go live: at once when a publisher is connected, else as soon as one is (`autoStart` is then true)',
    tag,
    access: 'account',
    params: streamParams,
    response: stream,
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'STREAM_ALREADY_LIVE', 'STREAM_NOT_PREPARED'],
  }),
  end: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/end',
    operation: 'endStream',
    summary: 'End a live stream for everybody at once; ending it twice is ending it once',
    tag,
    access: 'account',
    params: streamParams,
    response: stream,
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'STREAM_NOT_LIVE'],
  }),
  cancel: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/cancel',
    operation: 'cancelStream',
    summary: 'Call a stream off that has not begun',
    tag,
    access: 'account',
    params: streamParams,
    response: stream,
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'STREAM_NOT_SCHEDULED'],
  }),
  hls: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/hls',
    operation: 'getHlsManifestUrl',
    summary:
      'Where to watch; of a private stream, and for its owners before it is live, with a token to renew before `expiresAt`',
    tag,
    access: 'public',
    params: streamParams,
    response: z.object({
      manifestUrl: z.string(),
      /** WHEP resource; with a `token`, send it as `Authorization: Bearer`. */
      whepUrl: z.string(),
      token: z.string().optional(),
      expiresAt: timestamp.optional(),
      /** The stream is not live: only its owners see this. */
      isPreview: z.boolean(),
    }),
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND', 'VIEWER_BANNED'],
  }),
  regenerateKey: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/regenerate-key',
    operation: 'regenerateStreamKey',
    summary:
      'Make a new key; the old one is dead at once, and what publishes with it is cut, unless it may overlap',
    tag,
    access: 'account',
    params: streamParams,
    body: z.object({
      /** The old key opens new connections for so many seconds more. Default 0. */
      overlapSeconds: z.number().int().min(0).max(600).default(0),
    }),
    response: z.object({ streamKey: z.string() }),
    bothSpellings: true,
    stepUp: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'CONFLICT'],
  }),
  revokeKey: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/key',
    operation: 'revokeStreamKey',
    summary: 'Take the key away without making another; what publishes with it is cut',
    tag,
    access: 'account',
    params: streamParams,
    response: success,
    stepUp: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  key: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/key',
    operation: 'revealStreamKey',
    summary: 'Show the key again; written to the audit log',
    tag,
    access: 'account',
    params: streamParams,
    response: z.object({ streamKey: z.string(), ingestUrl: z.string(), whipUrl: z.string() }),
    bothSpellings: true,
    stepUp: true,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED', 'NOT_FOUND'],
  }),
  putThumbnail: defineRoute({
    method: 'PUT',
    path: '/api/streams/:id/thumbnail',
    operation: 'putStreamThumbnail',
    summary:
      'Upload a picture (JPEG, PNG or WebP, at most 5 MB and 25 megapixels); it is made anew, at most 1280 pixels wide',
    tag,
    access: 'account',
    params: streamParams,
    consumes: pictures,
    response: z.object({ thumbnailUrl: z.string() }),
    bothSpellings: true,
    errors: [
      'STREAM_NOT_FOUND',
      'STREAM_UNAUTHORIZED',
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'UNAVAILABLE',
    ],
  }),
  thumbnail: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/thumbnail',
    operation: 'getStreamThumbnail',
    summary: 'The uploaded picture',
    tag,
    access: 'public',
    params: streamParams,
    /** `v` is of the address that the stream names: with it the picture may be kept for a day. */
    query: z.object({ v: z.string().max(32).optional() }),
    response: z.unknown(),
    produces: 'image/jpeg',
    errors: ['STREAM_NOT_FOUND', 'NOT_FOUND'],
  }),
  removeThumbnail: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/thumbnail',
    operation: 'deleteStreamThumbnail',
    summary: 'Remove the picture',
    tag,
    access: 'account',
    params: streamParams,
    response: success,
    errors: ['STREAM_NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  eventCalendar: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/event.ics',
    operation: 'getStreamCalendar',
    summary: 'The stream as an event for a calendar',
    tag,
    access: 'public',
    params: streamParams,
    response: z.string(),
    produces: 'text/calendar; charset=utf-8',
    errors: ['STREAM_NOT_FOUND', 'STREAM_NOT_SCHEDULED'],
  }),
  channelCalendar: defineRoute({
    method: 'GET',
    path: '/api/channels/:id/schedule.ics',
    operation: 'getChannelCalendar',
    summary:
      'Streams to come of a channel, as a feed for calendars; private ones only with the token of a member’s own address',
    tag,
    access: 'public',
    params: streamParams,
    query: z.object({ token: z.string().max(200).optional() }),
    response: z.string(),
    produces: 'text/calendar; charset=utf-8',
    errors: ['NOT_FOUND', 'FORBIDDEN'],
  }),
  channelCalendarUrl: defineRoute({
    method: 'GET',
    path: '/api/channels/:id/schedule-url',
    operation: 'getChannelCalendarUrl',
    summary: 'The caller’s own address of the channel’s feed, with private streams in it',
    tag,
    access: 'account',
    params: streamParams,
    response: z.object({ url: z.string() }),
    errors: ['NOT_FOUND'],
  }),
  renewChannelCalendarUrl: defineRoute({
    method: 'POST',
    path: '/api/channels/:id/schedule-url',
    operation: 'renewChannelCalendarUrl',
    summary:
      'Another address of the caller’s own for the channel’s feed; the one of before is not there any more',
    tag,
    access: 'account',
    params: streamParams,
    response: z.object({ url: z.string() }),
    errors: ['NOT_FOUND'],
  }),
};
