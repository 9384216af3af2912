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

/** The figures of a quality. */
export function qualityTarget(quality: StreamQuality): QualityTarget {
  return TARGETS[quality];
}

/** Constraints of a camera. All are wishes but the device: a camera that cannot do 1080p gives what it can. */
export function cameraConstraints(
  quality: StreamQuality,
  deviceId: string | undefined,
): MediaTrackConstraints {
  const { width, height, framesPerSecond } = TARGETS[quality];
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: framesPerSecond, max: 60 },
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

/** Constraints of a screen or window: at most the quality's size, because text is scaled better here than by the encoder. */
export function screenConstraints(quality: StreamQuality): MediaTrackConstraints {
  const { width, height, framesPerSecond } = TARGETS[quality];
  return {
    width: { max: width },
    height: { max: height },
    frameRate: { ideal: framesPerSecond, max: framesPerSecond },
  };
}
