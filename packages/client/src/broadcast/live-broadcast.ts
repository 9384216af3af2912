import type { Store } from '../player/store.ts';
import type { BroadcastState } from './broadcast-state.ts';
import { connectionError } from './connection-error.ts';
import { ReportWindow } from './report-window.ts';
import { ServerDesk } from './server-desk.ts';
import type { StreamLimits } from './stream-limits.ts';
import {
  healthOf,
  type MetricsContext,
  qualityMetrics,
  type StreamQualityMetrics,
} from './stream-quality-metrics.ts';
import { WhipError } from './whip/whip-error.ts';
import { type PublishState, WhipPublisher, type WhipPublisherOptions } from './whip/whip-publisher.ts';
import { streamIdOfWatchUrl } from './whip-endpoint.ts';

/** What a live broadcast is made of. */
export interface LiveBroadcastOptions {
  readonly publisher: WhipPublisherOptions;
  /** Empty when only the server knows it. */
  readonly streamId: string;
  /** What the figures are judged by, now. */
  readonly target: () => Pick<MetricsContext, 'maxBitrateBps' | 'expectedFramesPerSecond'>;
  readonly store: Store<BroadcastState>;
  readonly onConnectionState: (state: RTCPeerConnectionState) => void;
  /** The server said what the stream allows; each time it is asked. */
  readonly onLimits: (limits: StreamLimits) => void;
  readonly onMetrics: (metrics: StreamQualityMetrics) => void;
  /** The stream is lost for good; not called after {@link LiveBroadcast.close}, nor for a start that failed. */
  readonly onFailed: (error: WhipError) => void;
}

const METRICS_INTERVAL_MS = 5_000;
/** Span of the figures that are shown: shorter would flicker. */
const FIGURES_MS = 2_000;

/** The time of a broadcast from "Go live" to the end: publisher, figures, and what the server says about the stream. */
export class LiveBroadcast {
  readonly publisher: WhipPublisher;
  readonly #options: LiveBroadcastOptions;
  readonly #window = new ReportWindow(METRICS_INTERVAL_MS);
  #metricsMs: number | undefined;
  #desk: ServerDesk | undefined;
  #connectionState: RTCPeerConnectionState | null = null;
  #error: WhipError | undefined;
  #started = false;
  #endedByServer = false;
  #closed = false;

  constructor(options: LiveBroadcastOptions) {
    this.#options = options;
    this.publisher = new WhipPublisher(options.publisher);
    this.publisher.store.subscribe((state) => {
      this.#show(state);
    });
  }

  /** Resolves when media flows. Rejects with a {@link WhipError}. */
  async start(): Promise<void> {
    this.#options.store.commit({
      error: undefined,
      liveSinceMs: undefined,
      streamId: this.#options.streamId === '' ? undefined : this.#options.streamId,
      watchUrl: undefined,
      server: undefined,
      metrics: undefined,
    });
    await this.publisher.start();
    this.#started = true;
  }

  /** Ends the stream for its viewers at once; does nothing before it was live. Throws when the server did not do it. */
  async endStream(streamKey: string): Promise<void> {
    if (this.#desk === undefined && this.#started) {
      throw new Error('the server did not say which stream this is');
    }
    await this.#desk?.end(streamKey);
    this.#endedByServer = this.#desk !== undefined;
  }

  /** Ends the broadcast. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#desk?.close();
    this.publisher.close(this.#endedByServer);
  }

  #show(state: PublishState): void {
    if (this.#closed) {
      return;
    }
    const { store, onConnectionState, onFailed } = this.#options;
    if (state.connectionState !== null && state.connectionState !== this.#connectionState) {
      this.#connectionState = state.connectionState;
      onConnectionState(state.connectionState);
    }
    const nowMs = performance.now();
    const live = state.status === 'live';
    store.commit({
      // A start that failed leaves the preview as it was.
      status: state.status === 'failed' && !this.#started ? 'preview' : state.status,
      connectionState: state.connectionState,
      reconnecting: state.reconnecting,
      liveSinceMs: store.get().liveSinceMs ?? (live ? nowMs : undefined),
      watchUrl: state.watchUrl,
      streamId: streamIdOfWatchUrl(state.watchUrl) ?? store.get().streamId,
    });
    if (state.error !== this.#error && state.status !== 'failed') {
      this.#error = state.error;
      store.commit({ error: state.error && connectionError(state.error, 'retrying') });
    }
    if (live) {
      this.#openDesk();
    }
    this.#measure(state, nowMs);
    if (state.status === 'failed' && this.#started) {
      this.#desk?.close();
      onFailed(state.error ?? new WhipError('unreachable'));
    }
  }

  #openDesk(): void {
    const { streamId } = this.#options.store.get();
    if (this.#desk === undefined && streamId !== undefined) {
      this.#desk = new ServerDesk(this.#options.publisher.endpoint, streamId);
      void this.#desk.follow((server) => {
        this.#options.store.commit({ server });
        this.#options.onLimits(server.limits);
      }, this.#options.publisher.streamKey);
    }
  }

  #measure(state: PublishState, nowMs: number): void {
    const { store, target, onMetrics } = this.#options;
    this.#window.push(state.report);
    if (state.report === undefined) {
      store.commit({ figures: undefined, health: undefined });
      this.#metricsMs = undefined;
      return;
    }
    const all = this.#window.figures(METRICS_INTERVAL_MS);
    this.#metricsMs ??= nowMs;
    if (all === undefined) {
      store.commit({ health: undefined });
      return;
    }
    // The bandwidth estimate climbs for some seconds, and another camera begins slowly: until then nobody can say what is short.
    const settled = nowMs - (this.#window.beganMs ?? nowMs) >= METRICS_INTERVAL_MS;
    store.commit({
      figures: this.#window.figures(FIGURES_MS),
      health: settled ? healthOf(all, target()) : undefined,
    });
    if (nowMs - this.#metricsMs >= METRICS_INTERVAL_MS) {
      this.#metricsMs = nowMs;
      const { server, streamId } = store.get();
      const metrics = qualityMetrics(all, {
        ...target(),
        id: uniqueId(),
        streamId: streamId ?? '',
        recordedAt: new Date(),
        viewers: server?.viewers ?? 0,
        connections: server?.viewers ?? 0,
        settled,
      });
      store.commit({ metrics });
      onMetrics(metrics);
    }
  }
}

/** `randomUUID` is absent without HTTPS. */
function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
