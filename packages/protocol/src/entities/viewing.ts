import { z } from 'zod';
import { timestamp, uuid } from './basics.ts';
import { streamQuality } from './stream.ts';

/** How a live stream does, every 5 s. */
export const qualityMetrics = z.object({
  id: uuid,
  streamId: uuid,
  recordedAt: timestamp,
  currentViewerCount: z.number().int(),
  concurrentConnections: z.number().int(),
  bitrateKbps: z.number().int().optional(),
  fps: z.number().optional(),
  /** Such as `1280x720`. */
  resolution: z.string().optional(),
  /** Pictures lost since the sample before. */
  droppedFrames: z.number().int(),
  /** Encoded seconds per second; below 1 the machine is too slow. */
  encoderSpeed: z.number().optional(),
  /** What the publisher's connection carries, with what is sent again; absent where its protocol does not tell. */
  uploadBitrateKbps: z.number().int().optional(),
  /** The middle of what players tell of their delay behind the broadcaster; absent when none does. */
  latencyMs: z.number().int().optional(),
  /** Round trip between publisher and server; absent where its protocol does not tell. */
  rttMs: z.number().int().optional(),
  packetLossPercent: z.number().optional(),
  /** 0–100; see `healthScore`. */
  healthScore: z.number().int().optional(),
  /** What the broadcaster should mend, in words, such as a source above the stream's limits; absent when nothing is, and in what is kept. */
  warnings: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
});
/** See {@link qualityMetrics}. */
export type StreamQualityMetrics = z.output<typeof qualityMetrics>;

/** One playback session. Address and user agent are never given out. */
export const viewerSession = z.object({
  id: uuid,
  streamId: uuid,
  userId: uuid.optional(),
  sessionId: z.string(),
  joinedAt: timestamp,
  leftAt: timestamp.optional(),
  isActive: z.boolean(),
  totalWatchTimeSeconds: z.number().int(),
  selectedQuality: streamQuality,
  /** Such as `ll-hls` or `webrtc`. */
  transport: z.string().optional(),
  country: z.string().optional(),
  device: z.string().optional(),
  browser: z.string().optional(),
  os: z.string().optional(),
  sentChatMessages: z.number().int(),
  sentReactions: z.number().int(),
  updatedAt: timestamp,
});
/** See {@link viewerSession}. */
export type StreamViewer = z.output<typeof viewerSession>;
