import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import type { VideoTrack } from '../stream/track.ts';
import { limitWarnings } from './limit-warnings.ts';

const video = (width: number, height: number, frameRate?: number): VideoTrack => ({
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.640028',
  timescale: MILLISECONDS,
  ...{ width, height, config: new Uint8Array() },
  ...(frameRate === undefined ? {} : { frameRate }),
});
const limits = { maxShortSide: 1080, maxFrameRate: 30, maxBitrateBps: 6_000_000 };

const codes = (from: Partial<Parameters<typeof limitWarnings>[0]>): readonly string[] =>
  limitWarnings({ limits, video: undefined, rate: undefined, encodes: true, ...from }).map(
    ({ code }) => code,
  );
const rate = (framesPerSecond: number, bitrateBps = 1_000_000) => ({ framesPerSecond, bitrateBps });

describe('limitWarnings', () => {
  test('a 4K source of a 1080p stream: that it is scaled, and what to set', () => {
    expect(
      limitWarnings({ limits, video: video(3840, 2160, 30), rate: undefined, encodes: true })[0]?.message,
    ).toBe(
      "Your picture is 3840×2160, this stream's limit is 1080p: this server scales it down, which costs it an encoder and the picture some quality. Set your encoder to 1080p, or raise the stream's resolution.",
    );
    expect(codes({ video: video(2160, 3840) })).toEqual(['source-above-resolution']);
  });

  test('what is not encoded reaches viewers, and that is said', () => {
    const [size, fps] = limitWarnings({
      ...{ limits, rate: undefined, encodes: false },
      video: video(3840, 2160, 60),
    });
    expect(size?.message).toContain('viewers get it as it is');
    expect(fps?.message).toContain('viewers get all of them');
  });

  test('the limit itself is within, one step more is not', () => {
    expect(codes({ video: video(1920, 1080, 30), rate: rate(30, 6_600_000) })).toEqual([]);
    expect(codes({ video: video(1922, 1082) })).toEqual(['source-above-resolution']);
    expect(codes({ video: video(1920, 1080, 60) })).toEqual(['source-above-frame-rate']);
    expect(codes({ rate: rate(30, 6_600_001) })).toEqual(['source-above-bitrate']);
  });

  test('a rate that nobody announced is measured, and goes on as it is', () => {
    expect(codes({ video: video(1280, 720), rate: rate(33) })).toEqual([]);
    expect(codes({ video: video(1280, 720), rate: rate(60) })).toEqual(['source-above-frame-rate']);
    expect(
      limitWarnings({ limits, video: video(1280, 720), rate: rate(60), encodes: true })[0]?.message,
    ).toContain('viewers get all of them');
  });

  test('a bitrate above the limit: how much, and where the connection ends', () => {
    expect(
      limitWarnings({ limits, video: undefined, rate: rate(0, 8_000_000), encodes: true })[0]?.message,
    ).toBe(
      "You send 8.0 Mbps, this stream's limit is 6.0: above 9.0 you are disconnected. Lower the bitrate of your encoder.",
    );
  });

  test('a stream without limits has no warnings', () => {
    expect(codes({ limits: {}, video: video(7680, 4320, 240), rate: rate(240, 1e9) })).toEqual([]);
  });
});
