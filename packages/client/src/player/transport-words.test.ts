import { describe, expect, test } from 'vitest';
import { networkTestHelps, transportWords } from './transport-words.ts';

const wanted = { phase: 'playing', wanted: true, auto: true, failure: undefined, playsByHls: true } as const;

describe('transportWords', () => {
  test.each([
    ['Ultra-low latency is off.', { wanted: false, phase: 'off' }],
    ['Connecting by WebRTC.', { phase: 'trying' }],
    ['Ultra-low latency is on.', {}],
    ['The WebRTC connection broke off. Reconnecting.', { phase: 'recovering', failure: 'lost' }],
    ['You chose a quality. Choose Auto for ultra-low latency.', { phase: 'off', auto: false }],
    [
      'All places for ultra-low latency are taken. It plays with a little more delay, and tries again by itself.',
      { phase: 'resting', failure: 'full' },
    ],
    [
      'UDP seems blocked on this network. It plays with a little more delay, and tries again by itself.',
      { phase: 'resting', failure: 'udp-blocked' },
    ],
    [
      'UDP seems blocked on this network. Trying ultra-low latency again.',
      { phase: 'trying', failure: 'udp-blocked' },
    ],
    [
      'This browser cannot play H.264 by WebRTC. It plays with a little more delay.',
      { phase: 'off', failure: 'unsupported' },
    ],
    [
      'This stream is not on air by WebRTC. Ultra-low latency is tried again by itself.',
      { phase: 'resting', failure: 'not-live', playsByHls: false },
    ],
    [
      'This browser cannot play H.264 by WebRTC.',
      { phase: 'off', failure: 'unsupported', playsByHls: false },
    ],
  ] as const)('%s', (words, facts) => {
    expect(transportWords({ ...wanted, ...facts })).toBe(words);
  });

  test('the network test is offered where it can tell more', () => {
    expect(networkTestHelps('udp-blocked')).toBe(true);
    expect(networkTestHelps('full')).toBe(false);
    expect(networkTestHelps(undefined)).toBe(false);
  });
});
