import { mediaAccessError } from '../stream-client-error.ts';
import type { StreamLimits } from '../stream-limits.ts';
import {
  cameraConstraints,
  qualityTarget,
  type StreamQuality,
  screenConstraints,
} from '../stream-quality.ts';
import { Turns } from '../turns.ts';
import type { PluggedDevice } from './lost-devices.ts';
import { openCamera, openMicrophone, openScreen, type ScreenCapture, stopScreen } from './open-device.ts';
import { Program, type ProgramInputs, pictureOf, type SourceTracks } from './program.ts';

/** How a source begins. */
export interface SourceSettings {
  readonly quality: StreamQuality;
  /** Of the stream; see {@link BroadcastSource.setLimits}. Default: none. */
  readonly limits?: StreamLimits;
  readonly videoEnabled: boolean;
  readonly audioEnabled: boolean;
}

/** Whom a source tells. */
export interface SourceListener {
  /** Other tracks go out now. */
  changed(): void;
  /** A device went away by itself; something stands in for it. */
  lost(device: PluggedDevice, deviceId: string | undefined): void;
}

/**
 * Camera, microphone and screen of one broadcaster, made into one video and one sound track. Whatever happens to a device, both
 * tracks go on: black stands in for a picture, silence for a sound, because a stream that stops cannot be told from a lost one.
 */
export class BroadcastSource {
  readonly #listener: SourceListener;
  readonly #program = new Program();
  /** One device of a kind is opened at a time: the choice that was made last is the one that stays. */
  readonly #cameraTurns = new Turns();
  readonly #microphoneTurns = new Turns();
  readonly #qualityTurns = new Turns();
  #quality: StreamQuality;
  #limits: StreamLimits;
  #camera: MediaStreamTrack | undefined;
  #microphone: MediaStreamTrack | undefined;
  #screen: ScreenCapture | undefined;
  #withCamera = false;
  #videoEnabled: boolean;
  #audioEnabled: boolean;
  #tracks: SourceTracks | undefined;
  #closed = false;

  constructor(settings: SourceSettings, listener: SourceListener) {
    this.#quality = settings.quality;
    this.#limits = settings.limits ?? {};
    this.#videoEnabled = settings.videoEnabled;
    this.#audioEnabled = settings.audioEnabled;
    this.#listener = listener;
  }

  get camera(): MediaStreamTrack | undefined {
    return this.#camera;
  }

  get microphone(): MediaStreamTrack | undefined {
    return this.#microphone;
  }

  /** What the devices were asked for last, and granted. */
  get quality(): StreamQuality {
    return this.#quality;
  }

  /** Whether nothing at all is open. */
  get empty(): boolean {
    return this.#camera === undefined && this.#microphone === undefined && this.#screen === undefined;
  }

  /** The tracks that go out now. The same object until one of them changes. */
  get tracks(): SourceTracks {
    this.#tracks ??= this.#program.tracks(this.#inputs);
    return this.#tracks;
  }

  /** Frames per second that the picture should have; undefined for a screen, which moves only when something happens on it. */
  get expectedFramesPerSecond(): number | undefined {
    const wanted = qualityTarget(this.#quality, this.#limits).framesPerSecond;
    switch (pictureOf(this.#inputs)) {
      case 'camera':
        return this.#videoEnabled
          ? Math.min(wanted, this.#camera?.getSettings().frameRate ?? wanted)
          : undefined;
      case 'camera+screen':
        return wanted;
      default:
        return undefined;
    }
  }

  /** Opens another camera, or the browser's choice; the old one goes on until the new one is there. */
  useCamera(deviceId: string | undefined): Promise<void> {
    return this.#cameraTurns.run(() => this.#useCamera(deviceId));
  }

  /** Opens another microphone, or the browser's choice; the old one goes on until the new one is there. */
  useMicrophone(deviceId: string | undefined): Promise<void> {
    return this.#microphoneTurns.run(async () => {
      if (!this.#closed) {
        this.#replaceMicrophone(await openMicrophone(deviceId));
      }
    });
  }

  /** Takes tracks that were opened elsewhere; they are ours from now on. */
  adopt(tracks: {
    readonly camera?: MediaStreamTrack | undefined;
    readonly microphone?: MediaStreamTrack | undefined;
  }): void {
    if (tracks.camera !== undefined) {
      this.#replaceCamera(tracks.camera);
    }
    if (tracks.microphone !== undefined) {
      this.#replaceMicrophone(tracks.microphone);
    }
  }

  /** Asks for a screen and shows it, alone or with the camera in its corner. Needs a click. */
  async shareScreen(withCamera: boolean): Promise<void> {
    const screen = await openScreen(this.#quality, this.#limits);
    if (this.#closed) {
      stopScreen(screen);
      return;
    }
    const before = this.#screen;
    this.#screen = screen;
    this.#withCamera = withCamera;
    // The browser's own "Stop sharing" comes as the end of the track.
    screen.video.addEventListener('ended', () => {
      if (this.#screen === screen) {
        this.stopSharing();
      }
    });
    screen.audio?.addEventListener('ended', () => {
      if (this.#screen === screen) {
        this.#change();
      }
    });
    this.#change();
    stopScreen(before);
  }

  /** Puts the camera into the corner of the shared screen, or takes it away. */
  showCameraOnScreen(withCamera: boolean): void {
    this.#withCamera = withCamera;
    this.#change();
  }

  /** Back to the camera alone. */
  stopSharing(): void {
    const before = this.#screen;
    this.#screen = undefined;
    this.#change();
    stopScreen(before);
  }

  /** Other constraints for what is open. Rejects when a device refuses them; then all keep those they had. */
  setQuality(quality: StreamQuality): Promise<void> {
    return this.#qualityTurns.run(async () => {
      const results = await this.#constrain(quality);
      const refused = results.find((result) => result.status === 'rejected');
      if (refused !== undefined) {
        await this.#constrain(this.#quality);
        throw refused.reason;
      }
      this.#quality = quality;
      this.#program.resize();
      this.#change();
    });
  }

  /** Other limits of the stream. A device that refuses them goes on as it is: the encoder is bounded as well. */
  setLimits(limits: StreamLimits): Promise<void> {
    return this.#qualityTurns.run(async () => {
      this.#limits = limits;
      await this.#constrain(this.#quality);
      this.#program.resize();
      this.#change();
    });
  }

  /** Shows the camera, or black. It stays open, so that it is back at once. A shared screen goes on: `stopSharing` ends it. */
  setVideoEnabled(enabled: boolean): void {
    this.#videoEnabled = enabled;
    this.#change();
  }

  /** Lets the microphone be heard, or silence. The sound of a shared screen goes on. */
  setAudioEnabled(enabled: boolean): void {
    this.#audioEnabled = enabled;
    this.#change();
  }

  /** Lets go of every device. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#camera?.stop();
    this.#microphone?.stop();
    this.#camera = undefined;
    this.#microphone = undefined;
    stopScreen(this.#screen);
    this.#screen = undefined;
    this.#program.close();
  }

  async #useCamera(deviceId: string | undefined): Promise<void> {
    if (this.#closed) {
      return;
    }
    const quality = this.#quality;
    const open = (): Promise<MediaStreamTrack> => openCamera(quality, deviceId, this.#limits);
    const track = await open().catch(async (error: unknown) => {
      // Many phones open one camera at a time.
      const before = this.#camera;
      if (before?.readyState !== 'live' || !isBusy(error)) {
        throw error;
      }
      const { deviceId: idBefore } = before.getSettings();
      this.#camera = undefined;
      this.#change();
      before.stop();
      return open().catch(async (second: unknown) => {
        this.#replaceCamera(await openCamera(quality, idBefore, this.#limits));
        throw second;
      });
    });
    if (quality !== this.#quality) {
      // Chosen while the camera was being opened. A camera that cannot do it goes on as it is.
      await track
        .applyConstraints(cameraConstraints(this.#quality, track.getSettings().deviceId, this.#limits))
        .catch(() => undefined);
    }
    this.#replaceCamera(track);
  }

  #constrain(quality: StreamQuality): Promise<PromiseSettledResult<void | undefined>[]> {
    const [camera, screen] = [this.#camera, this.#screen?.video];
    return Promise.allSettled([
      camera?.applyConstraints(cameraConstraints(quality, camera.getSettings().deviceId, this.#limits)),
      screen?.applyConstraints(screenConstraints(quality, this.#limits)),
    ]);
  }

  #replaceCamera(track: MediaStreamTrack): void {
    this.#replace(track, this.#camera, () => {
      this.#camera = this.#own(track, 'camera');
    });
  }

  #replaceMicrophone(track: MediaStreamTrack): void {
    this.#replace(track, this.#microphone, () => {
      this.#microphone = this.#own(track, 'microphone');
    });
  }

  #replace(track: MediaStreamTrack, before: MediaStreamTrack | undefined, take: () => void): void {
    if (this.#closed) {
      track.stop();
      return;
    }
    take();
    this.#change();
    before?.stop();
  }

  #own(track: MediaStreamTrack, device: PluggedDevice): MediaStreamTrack {
    // `stop` fires no `ended`: that event is for devices that went by themselves.
    track.addEventListener('ended', () => {
      if (track !== this.#camera && track !== this.#microphone) {
        return;
      }
      if (track === this.#camera) {
        this.#camera = undefined;
      } else {
        this.#microphone = undefined;
      }
      this.#change();
      this.#listener.lost(device, track.getSettings().deviceId);
    });
    return track;
  }

  get #inputs(): ProgramInputs {
    return {
      camera: this.#camera,
      microphone: this.#microphone,
      screen: this.#screen,
      withCamera: this.#withCamera,
      videoEnabled: this.#videoEnabled,
      audioEnabled: this.#audioEnabled,
      quality: this.#quality,
      limits: this.#limits,
    };
  }

  #change(): void {
    if (!this.#closed) {
      this.#tracks = undefined;
      this.#listener.changed();
    }
  }
}

function isBusy(error: unknown): boolean {
  return mediaAccessError(error, 'camera').detail?.startsWith('NotReadableError') === true;
}
