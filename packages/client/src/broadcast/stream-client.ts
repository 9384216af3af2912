import { type ReadableStore, Store } from '../player/store.ts';
import { type BroadcastState, initialBroadcastState } from './broadcast-state.ts';
import { BroadcastSource, type SourceTracks } from './capture/broadcast-source.ts';
import { DeviceList, type DeviceLists } from './capture/device-list.ts';
import { type DeviceChoice, openDevices } from './capture/open-devices.ts';
import { connectionError } from './connection-error.ts';
import { LiveBroadcast } from './live-broadcast.ts';
import {
  type CapturedDevice,
  mediaAccessError,
  StreamClientError,
  type StreamClientErrorCode,
} from './stream-client-error.ts';
import { AUDIO_BITRATE_BPS, qualityTarget, type StreamQuality } from './stream-quality.ts';
import type { StreamQualityMetrics } from './stream-quality-metrics.ts';
import type { OutgoingMedia } from './whip/outgoing-track.ts';
import { WhipError } from './whip/whip-error.ts';
import { whipEndpoint } from './whip-endpoint.ts';

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
  /** How long the server keeps a lost stream open, in ms. Default 120 s. */
  readonly reconnectWindowMs?: number;
}

/** Options of {@link StreamClient.startPreview}. */
export interface PreviewOptions extends DeviceChoice {
  readonly quality?: StreamQuality;
}

/** A device that comes and goes is opened by itself at most this often. */
const WELCOME_INTERVAL_MS = 3_000;

const GONE: Readonly<Record<CapturedDevice, string>> = {
  camera: 'The camera is gone. Your stream continues in black. Plug it in, or choose another.',
  microphone: 'The microphone is gone. Your stream continues without sound. Choose another.',
  screen: 'Sharing has ended.',
};

/**
 * Broadcasts from a browser: devices, preview, screen, and the way to the server by WHIP. Everything can be changed while live,
 * and the stream goes on. `store` holds what a page shows; the methods are requests, and the store has their outcome.
 */
export class StreamClient {
  readonly store: ReadableStore<BroadcastState>;
  readonly #store = new Store<BroadcastState>(initialBroadcastState());
  readonly #config: StreamClientConfig;
  readonly #devices = new DeviceList();
  #source: BroadcastSource | undefined;
  #live: LiveBroadcast | undefined;
  #followed: SourceTracks | undefined;
  #welcomedMs = Number.NEGATIVE_INFINITY;
  /** Ids of devices that went away by themselves. */
  #lost: { readonly camera?: string | undefined; readonly microphone?: string | undefined } = {};

  constructor(config: StreamClientConfig) {
    this.#config = config;
    this.store = this.#store;
    this.#devices.store.subscribe((lists) => {
      this.#store.commit(lists);
      this.#welcomeBack(lists);
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

  /** Null before the broadcast and between two connections. */
  get connectionState(): RTCPeerConnectionState | null {
    return this.#live?.publisher.connection?.connectionState ?? null;
  }

  /** Whether media flows to the server now. */
  get connected(): boolean {
    return this.connectionState === 'connected';
  }

  /** Opens camera and microphone without going live. One of the two may be missing: then `store.error` says why. Rejects when both are. */
  async startPreview(options: PreviewOptions = {}): Promise<MediaStream> {
    const quality = options.quality ?? this.quality;
    const opened = await openDevices(quality, options, {
      camera: this.#source?.camera === undefined,
      microphone: this.#source?.microphone === undefined,
    });
    void this.#devices.refresh();
    if (opened.camera === undefined && opened.microphone === undefined && this.#source === undefined) {
      throw this.#report(opened.error ?? mediaAccessError(undefined, 'camera'));
    }
    const source = this.#open(quality);
    this.#store.commit({ error: opened.error });
    source.adopt(opened);
    this.#follow();
    return this.#store.get().stream ?? new MediaStream();
  }

  /** Lets go of the devices; does nothing while live. */
  stopPreview(): void {
    if (this.#live === undefined) {
      this.stopBroadcast();
    }
  }

  /** Goes live; resolves when media flows. Opens the devices first when there is no preview. Rejects with a {@link StreamClientError}. */
  async startBroadcast(quality: StreamQuality = '720p'): Promise<MediaStream> {
    if (this.#live !== undefined) {
      throw new Error('Already broadcasting');
    }
    if (this.#source === undefined) {
      await this.startPreview({ quality });
    } else if (quality !== this.quality) {
      await this.changeQuality(quality);
    }
    const live = new LiveBroadcast({
      publisher: {
        endpoint: whipEndpoint(this.#config, location.href),
        streamKey: this.#config.streamKey,
        media: this.#media(),
        iceServersUrl: this.#iceServersUrl(),
        simulcast: this.#config.simulcast,
        reconnectWindowMs: this.#config.reconnectWindowMs,
      },
      streamId: this.#config.streamId,
      target: () => ({
        maxBitrateBps: qualityTarget(this.quality).maxBitrateBps,
        expectedFramesPerSecond: this.#source?.expectedFramesPerSecond,
      }),
      store: this.#store,
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
      if (this.#live === live) {
        this.#live = undefined;
      }
      throw error instanceof WhipError
        ? this.#report(connectionError(error, 'not-started'))
        : startError(error);
    }
    return this.#store.get().stream ?? new MediaStream();
  }

  /** Ends the broadcast and lets go of the devices. The server keeps the stream open for its reconnect window: see {@link endStream}. */
  stopBroadcast(): void {
    const ended = this.#live !== undefined || this.#store.get().status === 'ended';
    this.#live?.close();
    this.#live = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.#lost = {};
    const { cameras, microphones, streamId, watchUrl, liveSinceMs, metrics, server } = this.#store.get();
    const kept = { cameras, microphones, streamId, watchUrl, liveSinceMs, metrics, server };
    this.#store.commit({
      ...initialBroadcastState(),
      ...kept,
      quality: this.quality,
      status: ended ? 'ended' : 'idle',
    });
  }

  /** Ends the stream for its viewers at once, then the broadcast. The broadcast ends even when the server cannot be reached. */
  async endStream(): Promise<void> {
    try {
      await this.#live?.endStream(this.#config.streamKey);
    } finally {
      this.stopBroadcast();
    }
  }

  /** Shows another camera; also while live, without a new negotiation. */
  async switchCamera(deviceId: string): Promise<void> {
    await this.#switch('camera', 'CAMERA_SWITCH_FAILED', (source) => source.useCamera(deviceId));
  }

  /** Takes another microphone; also while live, without a new negotiation. */
  async switchMicrophone(deviceId: string): Promise<void> {
    await this.#switch('microphone', 'MICROPHONE_SWITCH_FAILED', (source) => source.useMicrophone(deviceId));
  }

  /** Asks the user for a screen and shows it, with its sound where the browser gives it. Needs a click. */
  async shareScreen(withCamera = false): Promise<void> {
    const source = this.#open(this.quality);
    await this.#switch('screen', 'MEDIA_ACCESS_DENIED', () => source.shareScreen(withCamera));
  }

  /** Puts the camera into the corner of the shared screen, or takes it away. */
  showCameraOnScreen(withCamera: boolean): void {
    this.#source?.showCameraOnScreen(withCamera);
  }

  /** Back to the camera. */
  stopSharing(): void {
    this.#source?.stopSharing();
  }

  /** Another size and bitrate; also while live. */
  async changeQuality(quality: StreamQuality): Promise<void> {
    this.#store.commit({ quality });
    try {
      await this.#source?.setQuality(quality);
    } catch (error) {
      throw this.#report(
        new StreamClientError(
          'QUALITY_CHANGE_FAILED',
          'This camera cannot do that. Choose another quality.',
          {
            recoverable: true,
            detail: String(error),
          },
        ),
      );
    }
  }

  /** Shows the camera, or black: the stream goes on. */
  toggleVideo(enabled: boolean): void {
    this.#store.commit({ videoEnabled: enabled });
    this.#source?.setVideoEnabled(enabled);
  }

  /** Opens the microphone, or sends silence: the stream goes on. */
  toggleAudio(enabled: boolean): void {
    this.#store.commit({ audioEnabled: enabled });
    this.#source?.setAudioEnabled(enabled);
  }

  /** For pages that signal by themselves; WHIP does it alone. Ignored unless the connection waits for an answer. */
  async handleAnswer(answer: RTCSessionDescriptionInit): Promise<void> {
    const connection = this.#live?.publisher.connection;
    if (connection?.signalingState === 'have-local-offer') {
      await connection.setRemoteDescription(answer);
    }
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
    return this.#source?.microphone;
  }

  /** Ends everything and listens no more. Idempotent. */
  close(): void {
    globalThis.removeEventListener('pagehide', this.#leave);
    this.stopBroadcast();
    this.#devices.close();
    this.#store.close();
  }

  readonly #leave = (): void => {
    this.stopBroadcast();
  };

  #open(quality: StreamQuality): BroadcastSource {
    this.#store.commit({ quality });
    this.#source ??= new BroadcastSource(quality, {
      changed: () => {
        this.#follow();
      },
      lost: (device, deviceId) => {
        this.#lost = { ...this.#lost, [device]: deviceId };
        void this.#devices.refresh().then(() => {
          this.#welcomeBack(this.#devices.store.get());
        });
        this.#report(new StreamClientError('MEDIA_ACCESS_DENIED', GONE[device], { recoverable: true }));
      },
    });
    return this.#source;
  }

  /** A device that went away and is back is used again; once in a while, for some come and go without end. */
  #welcomeBack({ cameras, microphones }: DeviceLists): void {
    const { camera, microphone } = this.#lost;
    const nowMs = performance.now();
    if (nowMs - this.#welcomedMs < WELCOME_INTERVAL_MS) {
      return;
    }
    if (camera !== undefined && cameras.some(({ deviceId }) => deviceId === camera)) {
      this.#lost = { ...this.#lost, camera: undefined };
      this.#welcomedMs = nowMs;
      void this.switchCamera(camera).catch(() => undefined);
    }
    if (microphone !== undefined && microphones.some(({ deviceId }) => deviceId === microphone)) {
      this.#lost = { ...this.#lost, microphone: undefined };
      this.#welcomedMs = nowMs;
      void this.switchMicrophone(microphone).catch(() => undefined);
    }
  }

  async #switch(
    device: CapturedDevice,
    code: StreamClientErrorCode,
    action: (source: BroadcastSource) => Promise<void>,
  ): Promise<void> {
    try {
      await action(this.#open(this.quality));
      this.#store.commit({ error: undefined });
      void this.#devices.refresh();
    } catch (error) {
      const known = mediaAccessError(error, device);
      throw this.#report(
        new StreamClientError(code, known.message, { recoverable: true, detail: known.detail }),
      );
    }
  }

  /** The source has other tracks: shows them, and sends them. */
  #follow(): void {
    const source = this.#source;
    if (source === undefined) {
      return;
    }
    const { video, audio, picture } = source.tracks;
    const stream = this.#store.get().stream ?? new MediaStream();
    for (const track of stream.getTracks()) {
      if (track !== video && track !== audio) {
        stream.removeTrack(track);
      }
    }
    stream.addTrack(video);
    stream.addTrack(audio);
    const { status } = this.#store.get();
    this.#store.commit({
      status: this.#live === undefined ? 'preview' : status,
      stream,
      picture,
      cameraId: source.camera?.getSettings().deviceId,
      microphoneId: source.microphone?.getSettings().deviceId,
      microphoneLabel: source.microphone?.label,
    });
    if (source.tracks === this.#followed) {
      return;
    }
    this.#followed = source.tracks;
    void this.#live?.publisher.replace(this.#media()).catch((error: unknown) => {
      this.#report(startError(error));
    });
  }

  #media(): OutgoingMedia {
    const { maxBitrateBps, framesPerSecond } = qualityTarget(this.quality);
    const tracks = this.#source?.tracks;
    return {
      video: tracks && { track: tracks.video, maxBitrateBps, maxFramesPerSecond: framesPerSecond },
      audio: tracks && { track: tracks.audio, maxBitrateBps: AUDIO_BITRATE_BPS },
    };
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
