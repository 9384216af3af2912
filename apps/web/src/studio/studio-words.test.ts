import { connectionError } from '@tallylight/client/broadcast/connection-error.ts';
import type { SenderFigures } from '@tallylight/client/broadcast/sender-figures.ts';
import { StreamClientError } from '@tallylight/client/broadcast/stream-client-error.ts';
import { WhipError, type WhipErrorKind } from '@tallylight/client/broadcast/whip/whip-error.ts';
import { describe, expect, test } from 'vitest';
import {
  adviceFigures,
  adviceWords,
  countdownWords,
  durationWords,
  endWords,
  goLiveObstacle,
  isMediaPathError,
  limitWords,
  lowerQuality,
  qualityWords,
  statusWords,
  viewerWords,
} from './studio-words.ts';

const still = {
  error: undefined,
  picture: 'camera',
  videoEnabled: true,
  audioEnabled: true,
  microphoneId: 'mic',
} as const;

describe('the studio in words', () => {
  test('durations', () => {
    expect([0, 5_999, 65_000, 3_729_000, -5].map(durationWords)).toEqual([
      '0:00',
      '0:05',
      '1:05',
      '1:02:09',
      '0:00',
    ]);
  });

  test('viewers', () => {
    expect([0, 1, 1204].map(viewerWords)).toEqual(['0 viewers', '1 viewer', '1,204 viewers']);
    expect(endWords(1)).toBe('End the stream for 1 viewer? This cannot be undone.');
  });

  test('qualities', () => {
    expect(qualityWords('720p')).toBe('720p, up to 2.5 Mbps');
    expect([lowerQuality('1080p'), lowerQuality('auto'), lowerQuality('360p')]).toEqual([
      '720p',
      '480p',
      undefined,
    ]);
  });

  test('what the stream allows, in the menu and below it', () => {
    expect(qualityWords('720p', { maxBitrateBps: 1_628_000 })).toBe('720p, up to 1.5 Mbps');
    expect(limitWords({ maxShortSide: 720, maxFrameRate: 30, maxBitrateBps: 2_500_000 })).toBe(
      'This stream allows 720p, 30 pictures per second and 2.5 Mbps at most.',
    );
    expect(limitWords({ maxBitrateBps: 6_000_000 })).toBe('This stream allows 6.0 Mbps at most.');
    expect(limitWords({})).toBeUndefined();
  });

  test('a lost connection counts down to the end of the window', () => {
    const reconnecting = { attempts: 2, untilMs: 95_000, cause: 'silent' } as const;
    expect(statusWords({ ...still, status: 'reconnecting' })).toBe('Connection lost. Reconnecting.');
    expect(countdownWords({ status: 'reconnecting', reconnecting }, 20_000)).toBe(
      'Your stream stays open for 1:15.',
    );
  });

  test('a server that does not say how long it waits leaves no countdown', () => {
    const reconnecting = { attempts: 2, untilMs: undefined, cause: 'silent' } as const;
    expect(countdownWords({ status: 'reconnecting', reconnecting }, 20_000)).toBeUndefined();
    expect(countdownWords({ status: 'live', reconnecting: undefined }, 20_000)).toBeUndefined();
  });

  test('a stream that the server did not end has not ended', () => {
    const error = new StreamClientError('CONNECTION_FAILED', 'It stays open.', { recoverable: false });
    expect(statusWords({ ...still, status: 'ended', error })).toBe('Your broadcast has stopped.');
    expect(statusWords({ ...still, status: 'ended' })).toBe('This stream has ended.');
  });

  test('black is told, whatever makes it', () => {
    expect(statusWords({ ...still, status: 'live', picture: 'none' })).toMatch(/no camera/);
    expect(statusWords({ ...still, status: 'live', videoEnabled: false })).toMatch(/camera is off/);
    expect(statusWords({ ...still, status: 'live', videoEnabled: false, picture: 'screen' })).toBe(
      'You are live.',
    );
  });

  test.each([
    [{ audioEnabled: false }, 'You are live without sound: your microphone is muted.'],
    [{ microphoneId: undefined }, 'You are live without sound: there is no microphone.'],
    [{ audioEnabled: false, picture: 'screen' }, 'You are live, but your microphone is muted.'],
    [{ microphoneId: undefined, picture: 'camera+screen' }, 'You are live, but there is no microphone.'],
    [
      { audioEnabled: false, videoEnabled: false },
      'You are live in black and without sound: your camera is off, and your microphone is muted.',
    ],
  ] as const)('so is silence (%j)', (change, words) => {
    expect(statusWords({ ...still, status: 'live', ...change })).toBe(words);
  });

  test('before going live only the broadcaster sees it', () => {
    expect(statusWords({ ...still, status: 'preview' })).toBe('Only you can see this.');
  });
});

describe('goLiveObstacle', () => {
  const stream = {} as MediaStream;

  test('names what is missing', () => {
    expect(goLiveObstacle({ status: 'preview', stream }, '')).toMatch(/key/);
    expect(goLiveObstacle({ status: 'idle', stream: null }, 'live_x')).toMatch(/camera/);
    expect(goLiveObstacle({ status: 'preview', stream }, 'live_x')).toBeUndefined();
  });
});

describe('isMediaPathError', () => {
  test('tells it from other lost connections', () => {
    const of = (kind: WhipErrorKind) => connectionError(new WhipError(kind), 'not-started');
    expect(isMediaPathError(of('no-media-path'))).toBe(true);
    expect(isMediaPathError(of('unreachable'))).toBe(false);
    expect(isMediaPathError(undefined)).toBe(false);
  });
});

describe('adviceWords', () => {
  test('nothing is advised while all is good', () => {
    expect(adviceWords({ health: undefined, figures: undefined })).toBeUndefined();
    expect(
      adviceWords({ health: { score: 95, word: 'Good', cause: undefined }, figures: undefined }),
    ).toBeUndefined();
  });

  test.each([
    ['upload', /upload is too slow/],
    ['camera', /light/],
    ['network', /cable/],
    ['computer', /busy/],
    ['nothing-sent', /No picture/],
  ] as const)('%s', (cause, words) => {
    expect(adviceWords({ health: { score: 40, word: 'Poor', cause }, figures: undefined })).toMatch(words);
  });

  test('a camera without any picture needs no light', () => {
    const health = { score: 49, word: 'Poor', cause: 'camera' } as const;
    const figures = { sourceFramesPerSecond: 0.2 } as SenderFigures;
    expect(adviceWords({ health, figures })).toMatch(/no picture/);
  });

  test('no figure is named that is not known', () => {
    const health = { score: 40, word: 'Poor', cause: 'upload' } as const;
    const figures = { targetBitrateBps: 900_000, sourceFramesPerSecond: 30 } as SenderFigures;
    expect(adviceFigures({ quality: '720p', limits: {}, health, figures })).toMatch(
      /gives 900 kbps.*2\.5 Mbps/,
    );
    expect(adviceFigures({ quality: '720p', limits: {}, health, figures: undefined })).toBeUndefined();
  });
});
