import { playerError } from '@tallylight/client/player/player-error.ts';
import { initialPlayerState, type PlayerState } from '@tallylight/client/player/player-state.ts';
import { describe, expect, test } from 'vitest';
import {
  autoWords,
  connectionWords,
  latencyFigure,
  latencyWords,
  noticeWords,
  renditionWords,
  secondsWords,
} from './words.ts';

const rendition = { id: '720p', name: '720p', height: 720, bitrateBps: 1_700_000 };

function state(change: Partial<PlayerState>): PlayerState {
  return { ...initialPlayerState(0.3), ...change };
}

describe('figures in words', () => {
  test('latency', () => {
    expect(latencyWords(482)).toBe('0.5 s behind live');
    expect(latencyWords(40)).toBe('under 0.1 s behind live');
    expect(latencyWords(12_400)).toBe('12 s behind live');
    expect(latencyWords(undefined)).toBe('');
  });

  test('seconds', () => {
    expect([0.4, 12.4, 75].map((seconds) => secondsWords(seconds))).toEqual(['0.40 s', '12 s', '1:15 min']);
  });

  test('renditions', () => {
    expect(renditionWords(rendition)).toBe('720p, 1.7 Mbps');
    expect(autoWords(state({ renditions: [rendition], currentRenditionId: '720p' }))).toBe('Auto (720p)');
    expect(
      autoWords(state({ renditions: [rendition], currentRenditionId: '720p', autoRendition: false })),
    ).toBe('Auto');
    expect(autoWords(state({ renditions: [rendition], transport: 'whep' }))).toBe('Auto (WebRTC)');
  });

  test('a latency says what it counts from, in tenths', () => {
    expect(latencyFigure(state({ latencyMs: 80, latencyBasis: 'path' }))).toBe(
      'under 0.1 s from the server to your screen',
    );
    for (const latencyBasis of ['sender-report', 'program-date-time'] as const) {
      expect(latencyFigure(state({ latencyMs: 180, latencyBasis }))).toBe(
        '0.2 s since it reached the server',
      );
    }
    expect(latencyFigure(state({}))).toBe('unknown');
  });

  test('a connection', () => {
    expect(connectionWords({ roundTripMs: 12.3, lossFraction: 0.0123, relayed: true })).toBe(
      '12 ms round trip, 1.2 % lost, by a TURN relay',
    );
  });
});

describe('noticeWords', () => {
  test('nothing covers a picture that plays or is paused', () => {
    expect(noticeWords(state({ status: 'playing' }), 9_000)).toBeUndefined();
    expect(noticeWords(state({ status: 'paused' }), 9_000)).toBeUndefined();
  });

  test('a stall is explained after a second, not before', () => {
    expect(noticeWords(state({ status: 'stalled' }), 500)).toBeUndefined();
    expect(noticeWords(state({ status: 'stalled' }), 1_500)).toMatch(/connection is slow/);
  });

  test.each(['lost', 'unreachable', 'busy', 'udp-blocked', 'no-media'] as const)(
    'a WebRTC session that failed (%s) is not called slow',
    (whepFailure) => {
      const broken = state({ status: 'stalled', transport: 'whep', whepFailure });
      expect(noticeWords(broken, 500)).toBeUndefined();
      expect(noticeWords(broken, 1_500)).toBe('Reconnecting to the stream.');
    },
  );

  test('LL-HLS that stalls while WebRTC cannot be had is slow all the same', () => {
    const slow = state({ status: 'stalled', transport: 'll-hls', whepFailure: 'full' });
    expect(noticeWords(slow, 1_500)).toMatch(/connection is slow/);
  });

  test('an absent publisher is explained at once', () => {
    const words = noticeWords(
      state({ status: 'waiting-for-publisher', error: playerError('PUBLISHER_LOST') }),
      0,
    );
    expect(words).toBe('The host lost connection. Stay here, it resumes by itself.');
  });
});
