import type { SourceTracks } from './capture/program.ts';
import type { Health } from './health-score.ts';
import type { SenderFigures } from './sender-figures.ts';
import type { ServerHealth } from './server-health.ts';
import type { StreamClientError } from './stream-client-error.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { StreamQuality } from './stream-quality.ts';
import type { StreamQualityMetrics } from './stream-quality-metrics.ts';
import type { Reconnecting } from './whip/whip-publisher.ts';

/** Where a broadcast stands. */
export type BroadcastStatus =
  | 'idle'
  | 'preview'
  | 'connecting'
  | 'live'
  | 'reconnecting'
  | 'ended'
  | 'failed';

/** Everything the broadcaster's page shows, as one read-only snapshot. */
export interface BroadcastState {
  readonly status: BroadcastStatus;
  /** What goes out, or will: to be shown in a muted video element. The same object for as long as devices are open. */
  readonly stream: MediaStream | null;
  readonly picture: SourceTracks['picture'];
  readonly quality: StreamQuality;
  /** What the stream allows, once it is known; the quality's figures are within it. */
  readonly limits: StreamLimits;
  readonly cameraId: string | undefined;
  readonly microphoneId: string | undefined;
  readonly microphoneLabel: string | undefined;
  readonly videoEnabled: boolean;
  readonly audioEnabled: boolean;
  readonly cameras: readonly MediaDeviceInfo[];
  readonly microphones: readonly MediaDeviceInfo[];
  readonly connectionState: RTCPeerConnectionState | null;
  readonly reconnecting: Reconnecting | undefined;
  /** `performance.now()` when media first flowed. */
  readonly liveSinceMs: number | undefined;
  readonly streamId: string | undefined;
  /** Where viewers watch. */
  readonly watchUrl: string | undefined;
  /** Means of the last two seconds. */
  readonly figures: SenderFigures | undefined;
  /** Health of the last five seconds. */
  readonly health: Health | undefined;
  /** The newest report to `onQualityMetrics`. */
  readonly metrics: StreamQualityMetrics | undefined;
  readonly server: ServerHealth | undefined;
  /** What went wrong last, until it is mended. */
  readonly error: StreamClientError | undefined;
}

/** The snapshot before anything was opened. */
export function initialBroadcastState(): BroadcastState {
  return {
    status: 'idle',
    stream: null,
    picture: 'none',
    quality: '720p',
    limits: {},
    cameraId: undefined,
    microphoneId: undefined,
    microphoneLabel: undefined,
    videoEnabled: true,
    audioEnabled: true,
    cameras: [],
    microphones: [],
    connectionState: null,
    reconnecting: undefined,
    liveSinceMs: undefined,
    streamId: undefined,
    watchUrl: undefined,
    figures: undefined,
    health: undefined,
    metrics: undefined,
    server: undefined,
    error: undefined,
  };
}
