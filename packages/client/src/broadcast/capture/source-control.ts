import type { Store } from '../../player/store.ts';
import type { BroadcastState } from '../broadcast-state.ts';
import type { PreviewOptions } from '../stream-client-config.ts';
import {
  type CapturedDevice,
  mediaAccessError,
  StreamClientError,
  type StreamClientErrorCode,
} from '../stream-client-error.ts';
import { type StreamLimits, sameLimits } from '../stream-limits.ts';
import {
  AUDIO_BITRATE_BPS,
  allowedQuality,
  type QualityTarget,
  qualityTarget,
  type StreamQuality,
} from '../stream-quality.ts';
import type { OutgoingMedia } from '../whip/outgoing-track.ts';
import { BroadcastSource } from './broadcast-source.ts';
import { DeviceList } from './device-list.ts';
import { LostDevices } from './lost-devices.ts';
import { openDevices } from './open-devices.ts';
import type { SourceTracks } from './program.ts';

/** Whom a source control tells, and asks. */
export interface SourceControlListener {
  /** Whether the tracks go to a server now. */
  isLive(): boolean;
  /** Other tracks are to be sent. */
  changed(media: OutgoingMedia): void;
  /** Something went wrong; gives back the error. */
  report(error: StreamClientError): StreamClientError;
}

/** What is asked of devices that are open already. */
interface Wishes {
  readonly quality: StreamQuality | undefined;
  readonly cameraId: string | undefined;
  readonly microphoneId: string | undefined;
}

const REFUSED = 'This camera cannot do that. Choose another quality.';
/**
 * Opens, changes and lets go of the devices of a broadcast, and keeps the store's part about them. Requests may overlap and a stop may
 * come at any time: what is still on its way then comes too late, and is let go of.
 */
export class SourceControl {
  readonly #store: Store<BroadcastState>;
  readonly #listener: SourceControlListener;
  readonly #devices = new DeviceList();
  #source: BroadcastSource | undefined;
  #followed: SourceTracks | undefined;
  /** From one stop to the next. */
  #epoch = new AbortController();
  #switching = 0;
  #closed = false;
  readonly #lost = new LostDevices((device, deviceId) =>
    device === 'camera' ? this.useCamera(deviceId) : this.useMicrophone(deviceId),
  );

  constructor(store: Store<BroadcastState>, listener: SourceControlListener) {
    this.#store = store;
    this.#listener = listener;
    this.#devices.store.subscribe((lists) => {
      this.#store.commit(lists);
      this.#lost.look(lists);
    });
  }

  /** Aborts at the next {@link stop}; is aborted after {@link close}. */
  get signal(): AbortSignal {
    return this.#epoch.signal;
  }

  /** What is open now; undefined before. */
  get source(): BroadcastSource | undefined {
    return this.#source;
  }

  /** What is to be sent now. */
  get media(): OutgoingMedia {
    const { maxBitrateBps, framesPerSecond } = this.#target;
    const tracks = this.#source?.tracks;
    return {
      video: tracks && { track: tracks.video, maxBitrateBps, maxFramesPerSecond: framesPerSecond },
      audio: tracks && { track: tracks.audio, maxBitrateBps: AUDIO_BITRATE_BPS },
    };
  }

  /**
   * Opens what is not open yet of camera and microphone, or `only` the one that was named. One of the two may be missing: then `store.error` says why. Rejects when nothing
   * is open afterwards, and with an `AbortError` when it was stopped meanwhile.
   */
  async open(options: PreviewOptions = {}): Promise<MediaStream> {
    const { signal } = this.#epoch;
    signal.throwIfAborted();
    const quality = this.#allowed(options.quality ?? this.#store.get().quality);
    const before = this.#source;
    const { only } = options;
    const wanted = {
      camera: only !== 'microphone' && before?.camera === undefined,
      microphone: only !== 'camera' && before?.microphone === undefined,
    };
    const opened = await openDevices(quality, options, wanted, this.#store.get().limits);
    if (signal.aborted) {
      opened.camera?.stop();
      opened.microphone?.stop();
      signal.throwIfAborted();
    }
    void this.#devices.refresh();
    const none = opened.camera === undefined && opened.microphone === undefined;
    if (none && this.#source?.empty !== false) {
      throw this.#listener.report(opened.error ?? mediaAccessError(undefined, 'camera'));
    }
    const source = this.#open(quality);
    source.adopt(opened);
    if (opened.camera !== undefined) {
      this.#mended('camera');
    }
    if (opened.microphone !== undefined) {
      this.#mended('microphone');
    }
    if (opened.error !== undefined) {
      this.#store.commit({ error: opened.error });
    }
    this.#follow();
    await this.#adjust(source, {
      quality: options.quality && this.#allowed(options.quality),
      cameraId: opened.camera === undefined && only !== 'microphone' ? options.cameraId : undefined,
      microphoneId: opened.microphone === undefined && only !== 'camera' ? options.microphoneId : undefined,
    });
    signal.throwIfAborted();
    return this.#store.get().stream ?? new MediaStream();
  }

  /**
   * The stream allows this and no more: picture and bitrate are brought within it, also while live. A device that refuses goes on as it is,
   * for the encoder is bounded too.
   */
  async setLimits(limits: StreamLimits): Promise<void> {
    if (sameLimits(limits, this.#store.get().limits)) {
      return;
    }
    this.#store.commit({ limits });
    const source = this.#source;
    if (source === undefined) {
      return;
    }
    await source.setLimits(limits);
    const quality = this.#allowed(source.quality);
    if (quality !== source.quality) {
      await source.setQuality(quality).catch(() => undefined);
    }
  }

  /** Another size and bitrate; also while live. What the stream does not allow is lowered. When a device refuses, all stays as it was. */
  async setQuality(wished: StreamQuality): Promise<void> {
    const { signal } = this.#epoch;
    const quality = this.#allowed(wished);
    try {
      await this.#source?.setQuality(quality);
      signal.throwIfAborted();
      this.#store.commit({ quality });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#listener.report(
        new StreamClientError('QUALITY_CHANGE_FAILED', REFUSED, { recoverable: true, detail: String(error) }),
      );
    }
  }

  /** Shows another camera. */
  useCamera(deviceId: string): Promise<void> {
    return this.#switch('camera', 'CAMERA_SWITCH_FAILED', (source) => source.useCamera(deviceId));
  }

  /** Takes another microphone. */
  useMicrophone(deviceId: string): Promise<void> {
    return this.#switch('microphone', 'MICROPHONE_SWITCH_FAILED', (source) => source.useMicrophone(deviceId));
  }

  /** Asks for a screen and shows it; `quality` counts when nothing is open yet. Needs a click. */
  shareScreen(withCamera: boolean, quality: StreamQuality): Promise<void> {
    return this.#switch('screen', 'MEDIA_ACCESS_DENIED', (source) => source.shareScreen(withCamera), quality);
  }

  /** Lets go of every device. The store is its owner's to reset. */
  stop(): void {
    this.#epoch.abort();
    if (!this.#closed) {
      this.#epoch = new AbortController();
    }
    this.#source?.close();
    this.#source = undefined;
    this.#followed = undefined;
    this.#lost.clear();
  }

  /** Lets go of every device for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.stop();
    this.#devices.close();
  }

  /** Makes an open source what a preview asks for. What a device refuses is told in the store, and the preview goes on. */
  async #adjust(source: BroadcastSource, { quality, cameraId, microphoneId }: Wishes): Promise<void> {
    const { cameras, microphones } = this.#devices.store.get();
    const camera = otherDevice(cameras, cameraId, source.camera);
    const microphone = otherDevice(microphones, microphoneId, source.microphone);
    await Promise.allSettled([
      quality !== undefined && quality !== source.quality && this.setQuality(quality),
      camera !== undefined && this.useCamera(camera),
      microphone !== undefined && this.useMicrophone(microphone),
    ]);
  }

  /** What goes out at most. */
  get #target(): QualityTarget {
    const { quality, limits } = this.#store.get();
    return qualityTarget(quality, limits);
  }

  #allowed(quality: StreamQuality): StreamQuality {
    return allowedQuality(quality, this.#store.get().limits);
  }

  #open(quality: StreamQuality): BroadcastSource {
    this.#epoch.signal.throwIfAborted();
    const { videoEnabled, audioEnabled, limits } = this.#store.get();
    this.#source ??= new BroadcastSource(
      { quality: this.#allowed(quality), limits, videoEnabled, audioEnabled },
      {
        changed: () => {
          this.#follow();
        },
        lost: (device, deviceId) => {
          this.#listener.report(this.#lost.lost(device, deviceId));
          void this.#devices.refresh().then(() => {
            this.#lost.look(this.#devices.store.get());
          });
        },
      },
    );
    return this.#source;
  }

  /** A source that never had a device is no preview: nothing is left of it. */
  #forgetEmpty(): void {
    if (
      this.#switching === 0 &&
      !this.#listener.isLive() &&
      this.#source?.empty === true &&
      this.#store.get().stream === null
    ) {
      this.#source.close();
      this.#source = undefined;
    }
  }

  async #switch(
    device: CapturedDevice,
    code: StreamClientErrorCode,
    action: (source: BroadcastSource) => Promise<void>,
    quality = this.#store.get().quality,
  ): Promise<void> {
    const { signal } = this.#epoch;
    const source = this.#open(quality);
    this.#switching += 1;
    try {
      await action(source);
    } catch (error) {
      signal.throwIfAborted();
      const known = mediaAccessError(error, device);
      throw this.#listener.report(
        new StreamClientError(code, known.message, { recoverable: true, detail: known.detail }),
      );
    } finally {
      this.#switching -= 1;
      this.#forgetEmpty();
    }
    signal.throwIfAborted();
    this.#mended(device);
    void this.#devices.refresh();
  }

  /** The device works again: what is still missing is shown instead, and a lost connection stays to be read. */
  #mended(device: CapturedDevice): void {
    if (device !== 'screen') {
      this.#lost.replaced(device);
    }
    if (this.#store.get().error?.code !== 'CONNECTION_FAILED') {
      this.#store.commit({ error: this.#lost.error });
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
    this.#store.commit({
      status: this.#listener.isLive() ? this.#store.get().status : 'preview',
      stream,
      picture,
      quality: source.quality,
      cameraId: source.camera?.getSettings().deviceId,
      microphoneId: source.microphone?.getSettings().deviceId,
      microphoneLabel: source.microphone?.label,
    });
    if (source.tracks === this.#followed) {
      return;
    }
    this.#followed = source.tracks;
    this.#listener.changed(this.media);
  }
}

/** `id` when it is there and `track` is of another device. */
function otherDevice(
  devices: readonly MediaDeviceInfo[],
  id: string | undefined,
  track: MediaStreamTrack | undefined,
): string | undefined {
  const other = track !== undefined && track.getSettings().deviceId !== id;
  return other && devices.some(({ deviceId }) => deviceId === id) ? id : undefined;
}
