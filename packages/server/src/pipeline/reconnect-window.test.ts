import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { defaultPackagerOptions } from '../packager/packager-options.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import type { PublisherSink } from '../stream/publisher.ts';
import { LiveSessions } from './live-sessions.ts';

let sessions: LiveSessions;
const ended: string[] = [];
beforeEach(() => {
  ended.length = 0;
  sessions = new LiveSessions({
    options: {
      packager: defaultPackagerOptions,
      reconnectWindowMs: 600_000,
      trackSilenceMs: 250,
      secondTrackWaitMs: 500,
      takeoverSilenceMs: 1500,
    },
    clock: systemClock,
    log: silentLogger,
    spool: undefined,
    encoderFor: undefined,
  });
  sessions.onEvent((event) => {
    if (event.type === 'ended') ended.push(event.streamId);
  });
});
afterEach(() => sessions.close());

function publish(streamId: string, reconnectWindowMs?: number): PublisherSink {
  return sessions.publish({
    streamId,
    keyId: streamId,
    protocol: 'test',
    peer: 'here',
    silentForMs: () => 0,
    evict: () => {},
    ...(reconnectWindowMs === undefined ? {} : { reconnectWindowMs }),
  });
}

describe('the reconnect window', () => {
  test('is the stream’s own where it has one, else the server’s', async () => {
    publish('own', 0).end('connection-lost');
    publish('of the server').end('connection-lost');
    await waitFor('its own has passed', () => ended.length > 0);
    expect(ended).toEqual(['own']);
    expect(sessions.live('of the server')?.publishing).toBe(false);
  });
});
