import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { defaultPackagerOptions } from '../packager/packager-options.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { LiveSessions } from './live-sessions.ts';

let sessions: LiveSessions;
beforeEach(() => {
  sessions = new LiveSessions({
    options: {
      packager: defaultPackagerOptions,
      reconnectWindowMs: 10_000,
      trackSilenceMs: 250,
      secondTrackWaitMs: 500,
      takeoverSilenceMs: 1500,
    },
    clock: systemClock,
    log: silentLogger,
    spool: undefined,
    encoderFor: undefined,
    keepEndedMs: 20,
  });
});
afterEach(() => sessions.close());

/** Publishes a stream and ends it; what is left of its session may be collected from then on. */
function comeAndGo(streamId: string): WeakRef<object> {
  sessions.publish({
    streamId,
    keyId: 'key',
    protocol: 'test',
    peer: 'here',
    silentForMs: () => 0,
    evict: () => {},
  });
  const session = sessions.live(streamId);
  if (session === undefined) throw new Error('not live');
  expect(sessions.endStream(streamId)).toBe(true);
  return new WeakRef(session);
}

/** Makes the engine collect what nothing holds. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('LiveSessions', () => {
  test('nothing is left of a stream some time after its end, though its name never comes again', async () => {
    const left = comeAndGo('once');
    expect(sessions.dump()).toHaveLength(1);
    await waitFor('it is forgotten', () => sessions.dump().length === 0);
    await waitFor('it is collected', () => {
      collect();
      return left.deref() === undefined;
    });
  });

  test('a stream that comes again before it was forgotten stays', async () => {
    comeAndGo('again');
    sessions.publish({
      streamId: 'again',
      keyId: 'key',
      protocol: 'test',
      peer: 'here',
      silentForMs: () => 0,
      evict: () => {},
    });
    comeAndGo('later');
    await waitFor(
      'the later one is forgotten',
      () => sessions.live('later') === undefined && sessions.dump().length === 1,
    );
    expect(sessions.live('again')?.publishing).toBe(true);
  });
});
