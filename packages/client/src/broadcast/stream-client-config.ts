import type { DeviceChoice } from './capture/open-devices.ts';
import type { StreamClientError } from './stream-client-error.ts';
import type { StreamQuality } from './stream-quality.ts';
import type { StreamQualityMetrics } from './stream-quality-metrics.ts';

/** What a broadcast needs to know. */
export interface StreamClientConfig {
  /** May be empty when the key alone tells the stream; the server's answer then names it. */
  readonly streamId: string;
  readonly streamKey: string;
  /** See `whipEndpoint`. */
  readonly ingestUrl: string;
  readonly userId: string;
  readonly onConnectionStateChange?: (state: RTCPeerConnectionState) => void;
  readonly onError?: (error: StreamClientError) => void;
  /** Every five seconds while live. */
  readonly onQualityMetrics?: (metrics: StreamQualityMetrics) => void;
  /** Answers `{"iceServers":[…]}`. Default: the server's `/api/ice-servers` for our own endpoints, OPTIONS for others. */
  readonly iceServersUrl?: string;
  /** Send three sizes of the picture. Default false. */
  readonly simulcast?: boolean;
  /** How long the server keeps a lost stream open, in ms. Default: what the server says; 120 s when it says nothing. */
  readonly reconnectWindowMs?: number;
}

/** Options of `StreamClient.startPreview`. */
export interface PreviewOptions extends DeviceChoice {
  readonly quality?: StreamQuality;
  /** Opens this one alone, and leaves the other as it is: who asks for a microphone does not want to be seen. Default: both. */
  readonly only?: 'camera' | 'microphone' | undefined;
}
