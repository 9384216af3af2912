import { describe, expect, test } from 'vitest';
import { playerError } from './player-error.ts';
import { playerStatus, type StatusFacts } from './player-status.ts';

const playing: StatusFacts = {
  ended: false,
  searching: false,
  error: undefined,
  final: false,
  started: true,
  mediaPaused: false,
  waiting: false,
  sinceAdvanceSec: 0.1,
};

describe('playerStatus', () => {
  test.each([
    ['playing', {}],
    ['loading', { started: false }],
    ['paused', { mediaPaused: true }],
    ['stalled', { waiting: true }],
    ['waiting-for-publisher', { waiting: true, sinceAdvanceSec: 2 }],
    ['waiting-for-publisher', { searching: true }],
    ['ended', { ended: true, searching: true }],
    ['error', { final: true, error: playerError('CODEC_UNSUPPORTED') }],
  ] as const)('%s when %o', (status, facts) => {
    expect(playerStatus({ ...playing, ...facts })).toBe(status);
  });
});
