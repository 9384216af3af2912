import { z } from 'zod';
import { givenTime, timestamp, uuid } from './basics.ts';

/** Where a stream is in its life. */
export const streamStatus = z.enum([
  'scheduled',
  'preparing',
  'live',
  'ending',
  'ended',
  'cancelled',
  'failed',
]);
/** See {@link streamStatus}. */
export type StreamStatus = z.output<typeof streamStatus>;

/** The name nchat gives a rendition's height. */
export const streamQuality = z.enum(['auto', '1080p', '720p', '480p', '360p']);
/** See {@link streamQuality}. */
export type StreamQuality = z.output<typeof streamQuality>;

/** Who may write in a stream's chat. */
export const chatMode = z.enum(['open', 'followers', 'subscribers', 'disabled']);
/** See {@link chatMode}. */
export type ChatMode = z.output<typeof chatMode>;

/** Accepts the spellings of nchat's migration 0007 too. */
export const chatModeInput = z.preprocess(
  (value) =>
    value === 'followers_only' ? 'followers' : value === 'subscribers_only' ? 'subscribers' : value,
  chatMode,
);

/** Who may know of a stream: everybody; whoever has the link; members of the channel. */
export const visibility = z.enum(['public', 'unlisted', 'private']);
/** See {@link visibility}. */
export type Visibility = z.output<typeof visibility>;

/** A stream as the API gives it. `streamKey` and `ingestUrl` are there for its owners only, the key masked. */
export const stream = z.object({
  id: uuid,
  channelId: uuid,
  broadcasterId: uuid,
  title: z.string(),
  description: z.string().optional(),
  thumbnailUrl: z.string().optional(),
  scheduledAt: timestamp.optional(),
  startedAt: timestamp.optional(),
  endedAt: timestamp.optional(),
  status: streamStatus,
  /** Live, and its publisher is away and awaited. */
  isReconnecting: z.boolean(),
  /** A publisher is connected, also before the stream is live. */
  isPublishing: z.boolean(),
  streamKey: z.string().optional(),
  ingestUrl: z.string().optional(),
  whipUrl: z.string().optional(),
  hlsManifestUrl: z.string().optional(),
  dashManifestUrl: z.string().optional(),
  maxResolution: streamQuality,
  bitrateKbps: z.number().int(),
  fps: z.number().int(),
  isRecorded: z.boolean(),
  recordingUrl: z.string().optional(),
  recordingDurationSeconds: z.number().int().optional(),
  currentViewerCount: z.number().int(),
  /** The same, under the name of `LiveStreamSummary`. */
  currentViewers: z.number().int(),
  peakViewerCount: z.number().int(),
  totalViewCount: z.number().int(),
  totalChatMessages: z.number().int(),
  totalReactions: z.number().int(),
  enableChat: z.boolean(),
  enableReactions: z.boolean(),
  enableQa: z.boolean(),
  chatMode,
  slowModeSeconds: z.number().int(),
  waitingRoom: z.boolean(),
  visibility,
  autoStart: z.boolean(),
  reconnectWindowSeconds: z.number().int(),
  tags: z.array(z.string()),
  language: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
/** See {@link stream}. */
export type Stream = z.output<typeof stream>;

const settings = {
  title: z.string().trim().min(1, 'title must not be empty').max(200),
  description: z.string().max(5000),
  thumbnailUrl: z.string().max(2000),
  scheduledAt: givenTime,
  maxResolution: streamQuality,
  bitrateKbps: z.number().int().min(100).max(100_000),
  fps: z.number().int().min(1).max(120),
  isRecorded: z.boolean(),
  enableChat: z.boolean(),
  enableReactions: z.boolean(),
  enableQa: z.boolean(),
  chatMode: chatModeInput,
  /** Seconds between two messages of one viewer; 0: off. */
  slowModeSeconds: z.number().int().min(0).max(120),
  waitingRoom: z.boolean(),
  visibility,
  autoStart: z.boolean(),
  reconnectWindowSeconds: z.number().int().min(0).max(1800),
  tags: z.array(z.string().trim().min(1).max(40)).max(20),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'language must be a BCP 47 tag such as en or pt-BR')
    .max(10),
};

/** Body of a create. Unknown members are ignored, as nchat's callers send some. */
export const createStreamInput = z.object({
  channelId: uuid,
  ...z.object(settings).partial().required({ title: true }).shape,
});
/** See {@link createStreamInput}. */
export type CreateStreamInput = z.input<typeof createStreamInput>;

/** Body of an update: what is absent stays. `null` clears what may be absent. */
export const updateStreamInput = z
  .object({
    ...settings,
    description: settings.description.nullable(),
    thumbnailUrl: settings.thumbnailUrl.nullable(),
    scheduledAt: settings.scheduledAt.nullable(),
  })
  .partial();
/** See {@link updateStreamInput}. */
export type UpdateStreamInput = z.input<typeof updateStreamInput>;
