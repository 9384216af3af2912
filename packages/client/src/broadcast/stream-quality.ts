import type { StreamLimits } from './stream-limits.ts';

/** What a broadcaster can choose. `auto` is 720p, which most uploads and computers carry. */
export type StreamQuality = 'auto' | '1080p' | '720p' | '480p' | '360p';

/** What a quality means in figures. */
export interface QualityTarget {
  /** Pixels of a landscape picture; a portrait camera gives them the other way round. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** Upper bound of the video's bitrate, in bit/s. */
  readonly maxBitrateBps: number;
}

/** Opus in stereo needs no more to be transparent. In bit/s. */
export const AUDIO_BITRATE_BPS = 128_000;

const TARGETS: Readonly<Record<StreamQuality, QualityTarget>> = {
  '1080p': { width: 1920, height: 1080, framesPerSecond: 30, maxBitrateBps: 4_500_000 },
  '720p': { width: 1280, height: 720, framesPerSecond: 30, maxBitrateBps: 2_500_000 },
  '480p': { width: 854, height: 480, framesPerSecond: 30, maxBitrateBps: 1_200_000 },
  '360p': { width: 640, height: 360, framesPerSecond: 24, maxBitrateBps: 700_000 },
  auto: { width: 1280, height: 720, framesPerSecond: 30, maxBitrateBps: 2_500_000 },
};

/** Cameras need not be able to give less, in pictures a second: what is above a lower limit is left out by the encoder. */
const CAMERA_FPS = 30;
const MAX_CAMERA_FPS = 60;
/** Of a limit that is hardly more than the sound takes, the picture gets this share at least. */
const LEAST_VIDEO_SHARE = 0.5;

/** Qualities to choose from, the highest first. */
export const QUALITIES = ['1080p', '720p', '480p', '360p'] as const satisfies readonly StreamQuality[];

/** The figures of a quality, within the limits of the stream. */
export function qualityTarget(quality: StreamQuality, limits: StreamLimits = {}): QualityTarget {
  const { width, height, framesPerSecond, maxBitrateBps } = TARGETS[quality];
  const { maxShortSide = height, maxFrameRate = framesPerSecond } = limits;
  const fits = height <= maxShortSide;
  return {
    width: fits ? width : even((width * maxShortSide) / height),
    height: fits ? height : even(maxShortSide),
    framesPerSecond: Math.min(framesPerSecond, maxFrameRate),
    maxBitrateBps: Math.min(maxBitrateBps, videoShare(limits.maxBitrateBps)),
  };
}

/** The qualities that a stream allows, the highest first; the lowest always, made as small as it must be. */
export function allowedQualities({ maxShortSide }: StreamLimits): readonly StreamQuality[] {
  const allowed = QUALITIES.filter(
    (quality) => maxShortSide === undefined || TARGETS[quality].height <= maxShortSide,
  );
  return allowed.length === 0 ? QUALITIES.slice(-1) : allowed;
}

/** `quality`, or the highest below it that a stream allows. */
export function allowedQuality(quality: StreamQuality, limits: StreamLimits): StreamQuality {
  const allowed = allowedQualities(limits);
  const fits = (each: StreamQuality): boolean => TARGETS[each].height <= TARGETS[quality].height;
  return quality === 'auto' && allowed.includes('720p')
    ? quality
    : (allowed.find(fits) ?? allowed.at(-1) ?? quality);
}

/** What a limit leaves to the picture. */
function videoShare(maxBitrateBps = Number.POSITIVE_INFINITY): number {
  return Math.max(maxBitrateBps - AUDIO_BITRATE_BPS, maxBitrateBps * LEAST_VIDEO_SHARE);
}

function even(side: number): number {
  return Math.round(side / 2) * 2;
}

/** Constraints of a camera. All are wishes but the device: a camera that cannot do 1080p gives what it can. */
export function cameraConstraints(
  quality: StreamQuality,
  deviceId: string | undefined,
  limits: StreamLimits = {},
): MediaTrackConstraints {
  const { width, height, framesPerSecond } = qualityTarget(quality, limits);
  const { maxFrameRate = MAX_CAMERA_FPS } = limits;
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: {
      ideal: framesPerSecond,
      max: Math.min(MAX_CAMERA_FPS, Math.max(CAMERA_FPS, maxFrameRate)),
    },
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  };
}

/** Constraints of a microphone: cleaned speech, 48 kHz because Opus and AAC both run at it. */
export function microphoneConstraints(deviceId: string | undefined): MediaTrackConstraints {
  return {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    sampleRate: { ideal: 48_000 },
    channelCount: { ideal: 2 },
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  };
}

/** What a camera and a microphone are asked for. */
export interface MediaConstraints {
  readonly video: MediaTrackConstraints;
  readonly audio: MediaTrackConstraints;
}

/** Constraints of both devices, for one question to the user. See {@link cameraConstraints} and {@link microphoneConstraints}. */
export function mediaConstraints(
  quality: StreamQuality,
  choice: { readonly cameraId?: string | undefined; readonly microphoneId?: string | undefined } = {},
  limits: StreamLimits = {},
): MediaConstraints {
  return {
    video: cameraConstraints(quality, choice.cameraId, limits),
    audio: microphoneConstraints(choice.microphoneId),
  };
}

/** Constraints of a screen or window: at most the quality's size, because text is scaled better here than by the encoder. */
export function screenConstraints(quality: StreamQuality, limits: StreamLimits = {}): MediaTrackConstraints {
  const { width, height, framesPerSecond } = qualityTarget(quality, limits);
  return {
    width: { max: width },
    height: { max: height },
    frameRate: { ideal: framesPerSecond, max: framesPerSecond },
  };
}
