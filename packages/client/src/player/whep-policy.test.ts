import { describe, expect, test } from 'vitest';
import type { WhepFailure, WhepFailureCode } from './whep-failure.ts';
import { WhepPolicy } from './whep-policy.ts';

function failure(code: WhepFailureCode, retryAfterSec?: number): WhepFailure {
  return retryAfterSec === undefined
    ? { code, detail: 'of a test' }
    : { code, detail: 'of a test', retryAfterSec };
}

/** A policy that tries since 0 ms. */
function trying(): WhepPolicy {
  const policy = new WhepPolicy(true);
  policy.setWanted(true, 0);
  return policy;
}

/** A policy that plays since 500 ms. */
function playing(): WhepPolicy {
  const policy = trying();
  policy.playing(500);
  return policy;
}

/** What should be under way at `nowMs`. */
function plan(policy: WhepPolicy, nowMs: number): string {
  policy.tick(nowMs);
  const parts = [policy.wantsAttempt(nowMs) ? 'WHEP' : '', policy.wantsHls(nowMs) ? 'HLS' : ''];
  return parts.filter((part) => part !== '').join(' and ');
}

describe('a first WHEP attempt', () => {
  test('has a second to itself, then LL-HLS begins beside it', () => {
    const policy = trying();
    expect(plan(policy, 0)).toBe('WHEP');
    expect(plan(policy, 999)).toBe('WHEP');
    expect(plan(policy, 1_000)).toBe('WHEP and HLS');
  });

  test('that shows pictures needs nothing else', () => {
    const policy = playing();
    expect(policy.phase).toBe('playing');
    expect(plan(policy, 60_000)).toBe('');
  });

  test.each([
    ['full', 30_000],
    ['unavailable', 30_000],
    ['not-live', 30_000],
    ['forbidden', 30_000],
    ['refused', 30_000],
    ['busy', 30_000],
    ['unreachable', 30_000],
    ['udp-blocked', 30_000],
    ['no-media', 30_000],
  ] as const)('that fails by %s gives way to LL-HLS at once and comes again after %i ms', (code, restMs) => {
    const policy = trying();
    policy.failed(failure(code), 100);
    expect(plan(policy, 100)).toBe('HLS');
    expect(policy.failure?.code).toBe(code);
    expect(plan(policy, 99 + restMs)).toBe('HLS');
    expect(plan(policy, 100 + restMs)).toBe('WHEP');
  });

  test('a second failure means a minute of rest', () => {
    const policy = trying();
    policy.failed(failure('udp-blocked'), 0);
    plan(policy, 30_000);
    policy.failed(failure('udp-blocked'), 34_000);
    expect(plan(policy, 93_999)).toBe('HLS');
    expect(plan(policy, 94_000)).toBe('WHEP');
  });

  test('Retry-After makes the rest longer, within five minutes, never shorter', () => {
    const patient = trying();
    patient.failed(failure('full', 120), 0);
    expect([plan(patient, 119_999), plan(patient, 120_000)]).toEqual(['HLS', 'WHEP']);
    const endless = trying();
    endless.failed(failure('full', 86_400), 0);
    expect([plan(endless, 299_999), plan(endless, 300_000)]).toEqual(['HLS', 'WHEP']);
    const eager = trying();
    eager.failed(failure('busy', 1), 0);
    expect(plan(eager, 29_999)).toBe('HLS');
  });
});

describe('a lost session', () => {
  test('is tried anew at once, without LL-HLS', () => {
    const policy = playing();
    policy.failed(failure('lost'), 10_000);
    expect(policy.phase).toBe('recovering');
    expect(plan(policy, 10_000)).toBe('WHEP');
  });

  test('that cannot be had back within 3 s gives way to LL-HLS', () => {
    const policy = playing();
    policy.failed(failure('lost'), 10_000);
    policy.failed(failure('busy'), 10_050);
    expect(plan(policy, 10_100)).toBe('');
    expect(plan(policy, 10_300)).toBe('WHEP');
    policy.failed(failure('busy'), 10_350);
    expect(plan(policy, 10_850)).toBe('WHEP');
    expect(plan(policy, 12_999)).toBe('WHEP');
    expect(plan(policy, 13_000)).toBe('HLS');
    expect(policy.failure?.code).toBe('busy');
    expect(plan(policy, 43_000)).toBe('WHEP');
  });

  test.each(['full', 'unavailable', 'not-live', 'forbidden', 'refused', 'no-media'] as const)(
    'whose successor fails by %s gives way at once',
    (code) => {
      const policy = playing();
      policy.failed(failure('lost'), 10_000);
      policy.failed(failure(code), 10_100);
      expect(plan(policy, 10_100)).toBe('HLS');
    },
  );

  test('that comes alive again needs no successor', () => {
    const policy = playing();
    policy.failed(failure('lost'), 10_000);
    policy.playing(10_400);
    expect(plan(policy, 20_000)).toBe('');
    expect(policy.failure).toBeUndefined();
  });

  test('without media for long gives way without another try', () => {
    const policy = playing();
    policy.failed(failure('no-media'), 10_000);
    expect(plan(policy, 10_000)).toBe('HLS');
  });

  test('after a long time of playing counts as a first failure', () => {
    const policy = trying();
    policy.failed(failure('udp-blocked'), 0);
    plan(policy, 30_000);
    policy.playing(31_000);
    policy.failed(failure('no-media'), 70_000);
    expect(plan(policy, 100_000)).toBe('WHEP');
  });
});

describe('what the viewer wants', () => {
  test('nothing by WebRTC unless it is asked for', () => {
    expect(plan(new WhepPolicy(true), 0)).toBe('HLS');
  });

  test('switching off ends it, whatever happened, and a late success changes nothing', () => {
    const policy = playing();
    policy.setWanted(false, 1_000);
    expect(plan(policy, 1_000)).toBe('HLS');
    policy.playing(1_100);
    policy.failed(failure('lost'), 1_200);
    expect(plan(policy, 100_000)).toBe('HLS');
  });

  test('switching on tries at once what rested', () => {
    const policy = trying();
    policy.failed(failure('full', 300), 0);
    policy.setWanted(true, 5_000);
    expect(plan(policy, 5_000)).toBe('WHEP');
  });

  test('a fixed rendition is for LL-HLS; Auto goes back', () => {
    const policy = playing();
    policy.setAuto(false, 1_000);
    expect(plan(policy, 60_000)).toBe('HLS');
    policy.setAuto(true, 61_000);
    expect(plan(policy, 61_000)).toBe('WHEP');
  });

  test('a browser without WebRTC plays LL-HLS, and says why', () => {
    const policy = new WhepPolicy(false);
    policy.setWanted(true, 0);
    expect(plan(policy, 100_000)).toBe('HLS');
    expect(policy.failure?.code).toBe('unsupported');
  });
});

describe('a stream that comes back', () => {
  test.each([
    ['not-live', 'WHEP'],
    ['no-media', 'WHEP'],
    ['unavailable', 'WHEP'],
    ['full', 'HLS'],
    ['udp-blocked', 'HLS'],
  ] as const)('after %s: %s', (code, expected) => {
    const policy = trying();
    policy.failed(failure(code), 0);
    policy.sourceReturned(5_000);
    expect(plan(policy, 5_000)).toBe(expected);
  });
});
