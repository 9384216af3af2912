import { type ReadableStore, Store } from '../player/store.ts';
import { type BroadcastState, initialBroadcastState } from './broadcast-state.ts';
import { SourceControl } from './capture/source-control.ts';
import { connectionError, endError } from './connection-error.ts';
import { LiveBroadcast } from './live-broadcast.ts';
import type { PreviewOptions, StreamClientConfig } from './stream-client-config.ts';
import { StreamClientError } from './stream-client-error.ts';
import { fetchStreamLimits } from './stream-limits.ts';
import { qualityTarget, type StreamQuality } from './stream-quality.ts';
import { WhipError } from './whip/whip-error.ts';
import { whipEndpoint } from './whip-endpoint.ts';

/**
 * Broadcasts from a browser: devices, preview, screen, and the way to the server by WHIP. Everything can be changed while live,
 * and the stream goes on. `store` holds what a page shows; the methods are requests, and the store has their outcome.
 */
export class StreamClient {
  readonly store: ReadableStore<BroadcastState>;
  readonly #store = new Store<BroadcastState>(initialBroadcastState());
  readonly #config: StreamClientConfig;
  readonly #control: SourceControl;
  #live: LiveBroadcast | undefined;
  /** The control's signal when a broadcast began to start. */
  #starting: AbortSignal | undefined;

  constructor(config: StreamClientConfig) {
    this.#config = config;
    this.store = this.#store;
    this.#control = new SourceControl(this.#store, {
      isLive: () => this.#live !== undefined,
      changed: (media) => {
        void this.#live?.publisher.replace(media).catch((error: unknown) => {
          this.#report(startError(error));
        });
      },
      report: (error) => this.#report(error),
    });
    globalThis.addEventListener('pagehide', this.#leave);
  }

  /** What goes out, or is previewed. */
  get stream(): MediaStream | null {
    return this.#store.get().stream;
  }

  get quality(): StreamQuality {
    return this.#store.get().quality;
  }

  /** Null before the broadcast; `disconnected` while a lost connection is being replaced and none is being made. */
  get connectionState(): RTCPeerConnectionState | null {
    return this.#live?.publisher.connection?.connectionState ?? this.#store.get().connectionState;
  }

  /** Whether media flows to the server now. */
  get connected(): boolean {
    return this.connectionState === 'connected';
  }

  /**
   * Opens camera and microphone, or `only` one of them, without going live. One of the two may be missing: then `store.error` says why. Rejects when nothing
   * is open afterwards, and with an `AbortError` when it was stopped meanwhile.
   */
  startPreview(options: PreviewOptions = {}): Promise<MediaStream> {
    void this.#learnLimits();
    return this.#control.open(options);
  }

  /** Lets go of the devices; does nothing while live. */
  stopPreview(): void {
    if (this.#live === undefined) {
      this.stopBroadcast();
    }
  }

  /**
   * Goes live; resolves when media flows. Opens the devices first when there is no preview. Rejects with a {@link StreamClientError},
   * and with an `AbortError` when it was stopped meanwhile.
   */
  async startBroadcast(quality: StreamQuality = '720p'): Promise<MediaStream> {
    const { signal } = this.#control;
    signal.throwIfAborted();
    if (this.#live !== undefined || this.#starting === signal) {
      throw new Error('Already broadcasting');
    }
    this.#starting = signal;
    try {
      if (this.stream === null) {
        await this.startPreview({ quality });
      } else if (quality !== this.quality) {
        await this.changeQuality(quality);
      }
      signal.throwIfAborted();
      await this.#goLive(signal);
    } finally {
      if (this.#starting === signal) {
        this.#starting = undefined;
      }
    }
    return this.stream ?? new MediaStream();
  }

  /** Gives up a start that is under way; the preview stays. Does nothing once media flows. */
  cancelStart(): void {
    if (this.#starting === this.#control.signal && this.#live !== undefined) {
      this.#live.close();
      this.#live = undefined;
      this.#store.commit({ status: 'preview', connectionState: null, error: undefined });
    }
  }

  /** Ends the broadcast and lets go of the devices. The server keeps the stream open for its reconnect window: see {@link endStream}. */
  stopBroadcast(): void {
    const ended = this.#live !== undefined || this.#store.get().status === 'ended';
    this.#live?.close();
    this.#live = undefined;
    this.#control.stop();
    const { cameras, microphones, streamId, watchUrl, liveSinceMs, metrics, server, quality } =
      this.#store.get();
    const kept = { cameras, microphones, streamId, watchUrl, liveSinceMs, metrics, server, quality };
    // Another key may be for another stream.
    const limits = this.#config.streamId === '' ? {} : this.#store.get().limits;
    this.#store.commit({ ...initialBroadcastState(), ...kept, limits, status: ended ? 'ended' : 'idle' });
  }

  /**
   * Ends the stream for its viewers at once, then the broadcast. The broadcast ends even when the server does not do it: then this
   * rejects with a {@link StreamClientError}, for the stream is still open.
   */
  async endStream(): Promise<void> {
    const live = this.#live;
    let failure: StreamClientError | undefined;
    try {
      await live?.endStream(this.#config.streamKey);
    } catch (error) {
      failure = endError(error, this.#store.get().server?.reconnectWindowSec);
    }
    // Not when it was stopped meanwhile, and another one was started.
    if (this.#live === live) {
      this.stopBroadcast();
    }
    if (failure !== undefined) {
      throw this.#report(failure);
    }
  }

  /** Shows another camera; also while live, without a new negotiation. */
  switchCamera(deviceId: string): Promise<void> {
    return this.#control.useCamera(deviceId);
  }

  /** Takes another microphone; also while live, without a new negotiation. */
  switchMicrophone(deviceId: string): Promise<void> {
    return this.#control.useMicrophone(deviceId);
  }

  /**
   * Asks the user for a screen and shows it, with its sound where the browser gives it. Needs a click. `quality` counts when nothing
   * is open yet.
   */
  shareScreen(withCamera = false, quality = this.quality): Promise<void> {
    return this.#control.shareScreen(withCamera, quality);
  }

  /** Puts the camera into the corner of the shared screen, or takes it away. */
  showCameraOnScreen(withCamera: boolean): void {
    this.#control.source?.showCameraOnScreen(withCamera);
  }

  /** Back to the camera. */
  stopSharing(): void {
    this.#control.source?.stopSharing();
  }

  /** Another size and bitrate; also while live. When a device refuses, all stays as it was. */
  changeQuality(quality: StreamQuality): Promise<void> {
    return this.#control.setQuality(quality);
  }

  /** Shows the camera, or black: the stream goes on. */
  toggleVideo(enabled: boolean): void {
    this.#store.commit({ videoEnabled: enabled });
    this.#control.source?.setVideoEnabled(enabled);
  }

  /** Opens the microphone, or sends silence: the stream goes on. */
  toggleAudio(enabled: boolean): void {
    this.#store.commit({ audioEnabled: enabled });
    this.#control.source?.setAudioEnabled(enabled);
  }

  /** Of the contract, for pages that signal by themselves. WHIP takes the server's answer alone: nothing is done with this one. */
  async handleAnswer(_answer: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
  }

  /** For pages that signal by themselves. Ignored before an answer. */
  async handleIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    const connection = this.#live?.publisher.connection;
    if (connection && connection.remoteDescription !== null) {
      await connection.addIceCandidate(candidate);
    }
  }

  /** The microphone itself, for a level meter. */
  get microphone(): MediaStreamTrack | undefined {
    return this.#control.source?.microphone;
  }

  /** Ends everything and listens no more. Idempotent. */
  close(): void {
    globalThis.removeEventListener('pagehide', this.#leave);
    this.stopBroadcast();
    this.#control.close();
    this.#store.close();
  }

  /** What the stream allows, for its owner who is signed in; nobody waits for it. Once live the server tells it by itself. */
  async #learnLimits(): Promise<void> {
    const { streamId } = this.#config;
    if (streamId === '') {
      return;
    }
    const { signal } = this.#control;
    const limits = await fetchStreamLimits(whipEndpoint(this.#config, location.href), streamId, signal);
    if (limits !== undefined && !signal.aborted && this.#live === undefined) {
      await this.#control.setLimits(limits);
    }
  }

  readonly #leave = (): void => {
    this.stopBroadcast();
  };

  async #goLive(signal: AbortSignal): Promise<void> {
    const live = new LiveBroadcast({
      publisher: {
        endpoint: whipEndpoint(this.#config, location.href),
        streamKey: this.#config.streamKey,
        media: this.#control.media,
        iceServersUrl: this.#iceServersUrl(),
        simulcast: this.#config.simulcast,
        reconnectWindowMs: () => {
          const saidSec = this.#store.get().server?.reconnectWindowSec;
          return this.#config.reconnectWindowMs ?? (saidSec === undefined ? undefined : saidSec * 1000);
        },
      },
      streamId: this.#config.streamId,
      target: () => ({
        maxBitrateBps: qualityTarget(this.quality, this.#store.get().limits).maxBitrateBps,
        expectedFramesPerSecond: this.#control.source?.expectedFramesPerSecond,
      }),
      store: this.#store,
      onLimits: (limits) => {
        void this.#control.setLimits(limits);
      },
      onConnectionState: (state) => this.#config.onConnectionStateChange?.(state),
      onMetrics: (metrics) => this.#config.onQualityMetrics?.(metrics),
      onFailed: (error) => {
        this.#live = undefined;
        live.close();
        this.#report(connectionError(error, 'given-up'));
      },
    });
    this.#live = live;
    try {
      await live.start();
    } catch (error) {
      live.close();
      signal.throwIfAborted();
      if (this.#live !== live) {
        throw new DOMException('The start was cancelled', 'AbortError');
      }
      this.#live = undefined;
      throw error instanceof WhipError
        ? this.#report(connectionError(error, 'not-started'))
        : startError(error);
    }
  }

  #iceServersUrl(): string | undefined {
    const { origin } = new URL(whipEndpoint(this.#config, location.href));
    return (
      this.#config.iceServersUrl ?? (origin === location.origin ? `${origin}/api/ice-servers` : undefined)
    );
  }

  #report(error: StreamClientError): StreamClientError {
    this.#store.commit({ error });
    this.#config.onError?.(error);
    return error;
  }
}

/** Makes a {@link StreamClient}. */
export function createStreamClient(config: StreamClientConfig): StreamClient {
  return new StreamClient(config);
}

function startError(error: unknown): StreamClientError {
  return error instanceof StreamClientError
    ? error
    : new StreamClientError('BROADCAST_START_FAILED', 'The stream could not be started. Try again.', {
        recoverable: true,
        detail: String(error),
      });
}
