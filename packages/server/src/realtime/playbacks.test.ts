import { v7 } from 'uuid';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NOBODY } from '../api/actor.ts';
import { ControlEvents } from '../control/control-events.ts';
import { silentLogger } from '../platform/logger.ts';
import { Playbacks } from './playbacks.ts';
import type { PlaybackJoin } from './ports.ts';
import { FakePresence } from './testing/fake-services.ts';

const GRACE_MS = 10_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const presence = new FakePresence(new ControlEvents());
  const playbacks = new Playbacks(presence, silentLogger, GRACE_MS);
  const join: PlaybackJoin = {
    ...{ streamId: v7(), sessionId: 'session-1', actor: NOBODY, address: '192.0.2.1', userAgent: undefined },
  };
  return { presence, playbacks, join };
}

test('a playback whose connection was lost counts for the grace, and not longer', async () => {
  const { playbacks, presence, join } = setUp();
  await playbacks.enter('a', join);
  playbacks.exit('a', join, true);
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
  expect([playbacks.size, presence.count(join.streamId)]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect([playbacks.size, presence.count(join.streamId)]).toEqual([0, 0]);
});

test('one that comes back within the grace goes on; one that said goodbye is gone at once', async () => {
  const { playbacks, presence, join } = setUp();
  await playbacks.enter('a', join);
  playbacks.exit('a', join, true);
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
  await playbacks.enter('b', join);
  await vi.advanceTimersByTimeAsync(2 * GRACE_MS);
  expect(presence.count(join.streamId)).toBe(1);
  playbacks.exit('b', join, false);
  await vi.advanceTimersByTimeAsync(0);
  expect([playbacks.size, presence.count(join.streamId)]).toEqual([0, 0]);
});
