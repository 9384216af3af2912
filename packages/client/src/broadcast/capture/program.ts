import { type Compositor, openCompositor } from '../compositor/compositor.ts';
import type { StreamLimits } from '../stream-limits.ts';
import { qualityTarget, type StreamQuality } from '../stream-quality.ts';
import { AudioMix } from './audio-mix.ts';
import type { ScreenCapture } from './open-device.ts';

/** What the viewers see. */
export type PictureSource = 'camera' | 'screen' | 'camera+screen' | 'none';

/** The two tracks that go out, and what they are. */
export interface SourceTracks {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack;
  readonly picture: PictureSource;
}

/** What a program is made of; each device may be missing. */
export interface ProgramInputs {
  readonly camera: MediaStreamTrack | undefined;
  readonly microphone: MediaStreamTrack | undefined;
  readonly screen: ScreenCapture | undefined;
  /** The camera sits in the corner of the shared screen. */
  readonly withCamera: boolean;
  /** Of the camera; a shared screen is always seen. */
  readonly videoEnabled: boolean;
  /** Of the microphone; the sound of a shared screen is always heard. */
  readonly audioEnabled: boolean;
  readonly quality: StreamQuality;
  readonly limits: StreamLimits;
}

/** What the viewers see of these. */
export function pictureOf({ camera, screen, withCamera, videoEnabled }: ProgramInputs): PictureSource {
  const hasCamera = camera?.readyState === 'live';
  if (screen?.video.readyState === 'live') {
    return hasCamera && withCamera && videoEnabled ? 'camera+screen' : 'screen';
  }
  return hasCamera ? 'camera' : 'none';
}

/** Makes one video and one sound track of all devices. A device that is alone is sent as it is; compositor and mix cost time. */
export class Program {
  readonly #mix = new AudioMix();
  #compositor: Compositor | undefined;

  /** The tracks to send for these. */
  tracks(inputs: ProgramInputs): SourceTracks {
    return { video: this.#video(inputs), audio: this.#audio(inputs), picture: pictureOf(inputs) };
  }

  /** The next composed picture has the size of the quality then. */
  resize(): void {
    const before = this.#compositor;
    this.#compositor = undefined;
    before?.close();
  }

  /** Lets go of compositor and mix. The devices stay their owner's. Idempotent. */
  close(): void {
    this.resize();
    this.#mix.close();
  }

  #video(inputs: ProgramInputs): MediaStreamTrack {
    const { camera, screen, videoEnabled, quality, limits } = inputs;
    const picture = pictureOf(inputs);
    if (camera !== undefined) {
      camera.enabled = videoEnabled;
    }
    const only = picture === 'camera' ? camera : picture === 'screen' ? screen?.video : undefined;
    if (only !== undefined) {
      this.resize();
      return only;
    }
    const { width, height, framesPerSecond } = qualityTarget(quality, limits);
    this.#compositor ??= openCompositor({ width, height, framesPerSecond });
    this.#compositor.show({
      main: picture === 'none' ? undefined : screen?.video,
      inset: picture === 'none' ? undefined : camera,
    });
    this.#compositor.track.contentHint = picture === 'none' ? 'motion' : 'detail';
    return this.#compositor.track;
  }

  #audio({ microphone, screen, audioEnabled }: ProgramInputs): MediaStreamTrack {
    if (microphone !== undefined) {
      microphone.enabled = audioEnabled;
    }
    return this.#mix.track({ microphone, system: screen?.audio });
  }
}
