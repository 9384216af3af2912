import { mediaAccessError, type StreamClientError } from '../stream-client-error.ts';
import type { StreamLimits } from '../stream-limits.ts';
import { mediaConstraints, type StreamQuality } from '../stream-quality.ts';
import { openCamera, openMicrophone } from './open-device.ts';

/** What was asked for, and what came of it. */
export interface OpenedDevices {
  readonly camera: MediaStreamTrack | undefined;
  readonly microphone: MediaStreamTrack | undefined;
  /** Why one of them is missing, the camera's reason first. */
  readonly error: StreamClientError | undefined;
}

/** Devices by id; undefined leaves the choice to the browser. */
export interface DeviceChoice {
  readonly cameraId?: string | undefined;
  readonly microphoneId?: string | undefined;
}

/** Opens camera and microphone with one question to the user. A device that was remembered and is gone is replaced by the browser's choice; one of the two may be missing. */
export async function openDevices(
  quality: StreamQuality,
  choice: DeviceChoice,
  wanted: { readonly camera: boolean; readonly microphone: boolean },
  limits: StreamLimits = {},
): Promise<OpenedDevices> {
  // Absent in pages without HTTPS: then the single openings below find the words for it.
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  try {
    if (mediaDevices !== undefined && wanted.camera && wanted.microphone) {
      const stream = await mediaDevices.getUserMedia({ ...mediaConstraints(quality, choice, limits) });
      const [camera] = stream.getVideoTracks();
      const [microphone] = stream.getAudioTracks();
      if (camera !== undefined) {
        camera.contentHint = 'motion';
      }
      if (microphone !== undefined) {
        microphone.contentHint = 'speech';
      }
      return { camera, microphone, error: undefined };
    }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') {
      return openAllowed(quality, choice, error, limits);
    }
  }
  const camera = wanted.camera ? await attempt((id) => openCamera(quality, id, limits), choice.cameraId) : {};
  const microphone = wanted.microphone ? await attempt(openMicrophone, choice.microphoneId) : {};
  return { camera: camera.track, microphone: microphone.track, error: camera.error ?? microphone.error };
}

/** One of the two is blocked, or both: the other is opened alone. Who said no to both is not asked a second time. */
async function openAllowed(
  quality: StreamQuality,
  choice: DeviceChoice,
  refusal: DOMException,
  limits: StreamLimits,
): Promise<OpenedDevices> {
  const [noCamera, noMicrophone] = await Promise.all([isBlocked('camera'), isBlocked('microphone')]);
  if (noCamera === noMicrophone) {
    return { camera: undefined, microphone: undefined, error: mediaAccessError(refusal, 'camera') };
  }
  const other = noCamera
    ? await attempt(openMicrophone, choice.microphoneId)
    : await attempt((id) => openCamera(quality, id, limits), choice.cameraId);
  return {
    camera: noCamera ? undefined : other.track,
    microphone: noCamera ? other.track : undefined,
    error: mediaAccessError(refusal, noCamera ? 'camera' : 'microphone'),
  };
}

/** Whether the site's settings block it; false where the browser does not tell. */
async function isBlocked(name: 'camera' | 'microphone'): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name })).state === 'denied';
  } catch {
    return false;
  }
}

interface Attempt {
  readonly track?: MediaStreamTrack;
  readonly error?: StreamClientError;
}

async function attempt(
  open: (deviceId: string | undefined) => Promise<MediaStreamTrack>,
  deviceId: string | undefined,
): Promise<Attempt> {
  try {
    return { track: await open(deviceId) };
  } catch (error) {
    return deviceId === undefined ? { error: mediaAccessError(error, 'camera') } : attempt(open, undefined);
  }
}
