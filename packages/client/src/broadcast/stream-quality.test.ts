import { describe, expect, test } from 'vitest';
import {
  allowedQualities,
  allowedQuality,
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

describe('the limits of a stream', () => {
  test('bound size, rate and bitrate; the sound’s share is not the picture’s', () => {
    const limits = { maxShortSide: 720, maxFrameRate: 24, maxBitrateBps: 2_000_000 };
    expect(qualityTarget('1080p', limits)).toEqual({
      ...{ width: 1280, height: 720, framesPerSecond: 24, maxBitrateBps: 1_872_000 },
    });
    expect(qualityTarget('360p', limits)).toEqual(qualityTarget('360p'));
    expect(
      qualityTarget('1080p', { maxShortSide: 1080, maxFrameRate: 60, maxBitrateBps: 6_000_000 }),
    ).toEqual(qualityTarget('1080p'));
  });

  test('that leave the picture hardly anything leave it half', () => {
    expect(qualityTarget('360p', { maxBitrateBps: 200_000 }).maxBitrateBps).toBe(100_000);
  });

  test('leave qualities to choose from: one always', () => {
    expect(allowedQualities({})).toEqual(['1080p', '720p', '480p', '360p']);
    expect(allowedQualities({ maxShortSide: 480 })).toEqual(['480p', '360p']);
    expect(allowedQualities({ maxShortSide: 240 })).toEqual(['360p']);
    expect(qualityTarget('360p', { maxShortSide: 240 })).toMatchObject({ width: 426, height: 240 });
    const lowered = (['1080p', 'auto', '480p', '360p'] as const).map((each) =>
      allowedQuality(each, { maxShortSide: 480 }),
    );
    expect(lowered).toEqual(['480p', '480p', '480p', '360p']);
    expect(allowedQuality('auto', { maxShortSide: 720 })).toBe('auto');
    expect(allowedQuality('1080p', { maxShortSide: 240 })).toBe('360p');
  });

  test('are asked of cameras as far as cameras go, of screens exactly', () => {
    const limits = { maxShortSide: 480, maxFrameRate: 15 };
    expect(cameraConstraints('720p', undefined, limits)).toMatchObject({
      ...{ width: { ideal: 854 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } },
    });
    expect(cameraConstraints('720p', undefined, { maxFrameRate: 120 }).frameRate).toEqual({
      ideal: 30,
      max: 60,
    });
    expect(screenConstraints('720p', limits)).toEqual({
      ...{ width: { max: 854 }, height: { max: 480 }, frameRate: { ideal: 15, max: 15 } },
    });
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
