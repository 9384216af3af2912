import { insecurePageError, mediaAccessError } from '../stream-client-error.ts';
import type { StreamLimits } from '../stream-limits.ts';
import {
  cameraConstraints,
  microphoneConstraints,
  type StreamQuality,
  screenConstraints,
} from '../stream-quality.ts';

/** A shared screen, with the sound of the system or the tab where the browser offers it. */
export interface ScreenCapture {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | undefined;
}

/** What the DOM's types leave out: Chromium's choice of sounds and surfaces. */
interface ScreenOptions extends DisplayMediaStreamOptions {
  readonly systemAudio?: 'include' | 'exclude';
  readonly surfaceSwitching?: 'include' | 'exclude';
  readonly selfBrowserSurface?: 'include' | 'exclude';
}

/** Opens a camera; rejects with a `StreamClientError` in words. Moving pictures are the hint: smooth before sharp. */
export async function openCamera(
  quality: StreamQuality,
  deviceId: string | undefined,
  limits: StreamLimits = {},
): Promise<MediaStreamTrack> {
  try {
    const stream = await devices().getUserMedia({ video: cameraConstraints(quality, deviceId, limits) });
    return only(stream.getVideoTracks(), 'motion');
  } catch (error) {
    throw mediaAccessError(error, 'camera');
  }
}

/** Opens a microphone; rejects with a `StreamClientError` in words. */
export async function openMicrophone(deviceId: string | undefined): Promise<MediaStreamTrack> {
  try {
    const stream = await devices().getUserMedia({ audio: microphoneConstraints(deviceId) });
    return only(stream.getAudioTracks(), 'speech');
  } catch (error) {
    throw mediaAccessError(error, 'microphone');
  }
}

/** Asks the user for a screen, a window or a tab; needs a click. Rejects with a `StreamClientError` in words. */
export async function openScreen(quality: StreamQuality, limits: StreamLimits = {}): Promise<ScreenCapture> {
  try {
    const options: ScreenOptions = {
      video: screenConstraints(quality, limits),
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      systemAudio: 'include',
      surfaceSwitching: 'include',
      selfBrowserSurface: 'exclude',
    };
    const stream = await devices().getDisplayMedia(options);
    const [audio] = stream.getAudioTracks();
    if (audio !== undefined) {
      audio.contentHint = 'music';
    }
    return { video: only(stream.getVideoTracks(), 'detail'), audio };
  } catch (error) {
    throw mediaAccessError(error, 'screen');
  }
}

/** Ends a shared screen, if there is one. */
export function stopScreen(screen: ScreenCapture | undefined): void {
  screen?.video.stop();
  screen?.audio?.stop();
}

function devices(): MediaDevices {
  // Absent in pages without HTTPS, whatever the DOM's types say.
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (mediaDevices === undefined) {
    throw insecurePageError(location.href);
  }
  return mediaDevices;
}

function only(tracks: readonly MediaStreamTrack[], hint: string): MediaStreamTrack {
  const [track] = tracks;
  if (track === undefined) {
    throw new DOMException('no track', 'NotFoundError');
  }
  track.contentHint = hint;
  return track;
}
