import { describe, expect, test } from 'vitest';
import {
  adviceWords,
  durationWords,
  endWords,
  goLiveObstacle,
  lowerQuality,
  qualityWords,
  statusWords,
  viewerWords,
} from './studio-words.ts';

const still = { reconnecting: undefined, error: undefined, picture: 'camera' } as const;

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

  test('a lost connection counts down to the end of the window', () => {
    const reconnecting = { attempts: 2, untilMs: 95_000, cause: 'silent' } as const;
    expect(statusWords({ ...still, status: 'reconnecting', reconnecting }, 20_000)).toBe(
      'Connection lost. Your stream stays open for 1:15. Reconnecting.',
    );
  });

  test('before going live only the broadcaster sees it', () => {
    expect(statusWords({ ...still, status: 'preview' }, 0)).toBe('Only you can see this.');
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

describe('adviceWords', () => {
  const base = { quality: '720p', figures: undefined } as const;

  test('nothing is advised while all is good', () => {
    expect(adviceWords({ ...base, health: undefined })).toBeUndefined();
    expect(adviceWords({ ...base, health: { score: 95, word: 'Good', cause: undefined } })).toBeUndefined();
  });

  test.each([
    ['upload', /upload gives .*2\.5 Mbps/],
    ['network', /cable/],
    ['computer', /busy/],
    ['nothing-sent', /No picture/],
  ] as const)('%s', (cause, words) => {
    expect(adviceWords({ ...base, health: { score: 40, word: 'Poor', cause } })).toMatch(words);
  });
});
