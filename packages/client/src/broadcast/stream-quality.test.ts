import { describe, expect, test } from 'vitest';
import {
  cameraConstraints,
  microphoneConstraints,
  qualityTarget,
  screenConstraints,
} from './stream-quality.ts';

describe('qualities', () => {
  test.each([
    ['1080p', 1920, 1080, 30, 4_500_000],
    ['720p', 1280, 720, 30, 2_500_000],
    ['480p', 854, 480, 30, 1_200_000],
    ['360p', 640, 360, 24, 700_000],
  ] as const)('%s is %d × %d at %d, at most %d bit/s', (quality, width, height, framesPerSecond, bps) => {
    expect(qualityTarget(quality)).toEqual({ width, height, framesPerSecond, maxBitrateBps: bps });
  });

  test('auto is 720p', () => {
    expect(qualityTarget('auto')).toEqual(qualityTarget('720p'));
  });
});

describe('constraints', () => {
  test('a camera that cannot do the size is taken all the same; another camera is not', () => {
    const video = cameraConstraints('1080p', 'front');
    expect(video.width).toEqual({ ideal: 1920 });
    expect(video.height).toEqual({ ideal: 1080 });
    expect(video.deviceId).toEqual({ exact: 'front' });
  });

  test('without a chosen device the browser chooses', () => {
    const [video, audio] = [cameraConstraints('360p', undefined), microphoneConstraints(undefined)];
    expect('deviceId' in video || 'deviceId' in audio).toBe(false);
    expect(video.frameRate).toMatchObject({ ideal: 24 });
  });

  test('speech is cleaned, in stereo at 48 kHz', () => {
    expect(microphoneConstraints('usb')).toEqual({
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      sampleRate: { ideal: 48_000 },
      channelCount: { ideal: 2 },
      deviceId: { exact: 'usb' },
    });
  });

  test('a screen is never larger than the quality', () => {
    expect(screenConstraints('720p').width).toEqual({ max: 1280 });
  });
});
