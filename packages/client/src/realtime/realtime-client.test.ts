import { liveError } from '@tallylight/protocol/errors.ts';
import { person } from '@tallylight/server/realtime/testing/fake-services.ts';
import { RealtimeFixture } from '@tallylight/server/realtime/testing/realtime-fixture.ts';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PlaybackHeartbeat } from './playback-heartbeat.ts';
import { RealtimeClient, type RealtimeClientOptions } from './realtime-client.ts';

let fixture: RealtimeFixture;
const streamId = v7();
const open: RealtimeClient[] = [];

beforeEach(async () => {
  fixture = await RealtimeFixture.start({ viewerSumMs: 50, leaveGraceMs: 100 });
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await fixture.close();
});

function connect(options: Partial<RealtimeClientOptions> = {}): RealtimeClient {
  const client = new RealtimeClient({ url: fixture.url, retryMs: [20, 50], ...options });
  open.push(client);
  client.connect();
  return client;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 8000, interval: 10 });
}

describe('RealtimeClient', () => {
  test('joins, hears typed events, and leaves', async () => {
    const client = connect();
    await until('connected', () => client.isConnected);
    expect(client.socketId).toEqual(expect.any(String));
    expect(await client.join(streamId)).toMatchObject({ viewerCount: 0, isModerator: false });
    const ends: string[] = [];
    const stop = client.on('stream:end', ({ reason }) => ends.push(reason));
    fixture.events.emit('stream-ended', { streamId, reason: 'completed' });
    await until('told', () => ends.length === 1);
    stop();
    await client.leave(streamId);
    fixture.events.emit('stream-ended', { streamId, reason: 'again' });
    await client.request('stream:leave', { streamId });
    expect(ends).toEqual(['completed']);
  });

  test('comes back into its rooms after the connection broke', async () => {
    const client = connect();
    await client.join(streamId);
    await until('in', () => fixture.server.openRooms === 1);
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    await until('back', () => client.isConnected);
    const told: unknown[] = [];
    client.on('stream:chat-unpinned', (payload) => told.push(payload));
    await client.request('stream:leave', { streamId: v7() });
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await until('told', () => told.length === 1);
  });

  test('comes back into its rooms also when the server has no time for it at first', async () => {
    const client = connect();
    await client.join(streamId);
    await until('in', () => fixture.server.openRooms === 1);
    const asked = vi
      .spyOn(fixture.access, 'rightsOn')
      .mockRejectedValueOnce(liveError('UNAVAILABLE', 'busy'));
    fixture.breakConnections();
    await until('asked twice', () => asked.mock.calls.length >= 2);
    const told: unknown[] = [];
    client.on('stream:chat-unpinned', (payload) => told.push(payload));
    await client.request('stream:leave', { streamId: v7() });
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await until('told', () => told.length === 1);
  });

  test('is refused with a token that is none, and accepted when there is a better one', async () => {
    let token = 'wrong';
    const client = connect({ token: () => token });
    await until('refused', () => client.state === 'refused');
    expect(client.refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
    token = fixture.actors.issue();
    await until('connected', () => client.isConnected);
    expect(client.refusal).toBeUndefined();
  });

  test('comes back as somebody else after it was put out, and reconnects after signing in', async () => {
    const actor = person();
    let token: string | undefined = fixture.actors.issue(actor);
    const client = connect({ token: () => token });
    await until('connected', () => client.isConnected);
    fixture.actors.change(token, undefined);
    token = undefined;
    fixture.events.emit('access-changed', { userId: actor.userId ?? '' });
    await until('put out', () => !client.isConnected);
    await until('back', () => client.isConnected);
    await expect(
      client.request('chat:send', { streamId, content: 'x', clientId: 'a' }),
    ).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    token = fixture.actors.issue(actor);
    client.reconnect();
    await until('back', () => client.isConnected);
    expect(await client.request('chat:send', { streamId, content: 'x', clientId: 'a' })).toMatchObject({
      message: { userId: actor.userId },
    });
  });

  test('a request without a connection is UNAVAILABLE at once', async () => {
    const client = new RealtimeClient({ url: fixture.url });
    await expect(client.request('stream:leave', { streamId })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    client.emit('nothing');
  });

  test("has the shape of nchat's useSocket()", async () => {
    const client = connect();
    await until('connected', () => client.isConnected);
    const { emit, subscribe } = { emit: client.emit.bind(client), subscribe: client.subscribe.bind(client) };
    const counts: number[] = [];
    const stop = subscribe('stream:viewer-count', ({ count }: { count: number }) => counts.push(count));
    emit('stream:viewer-joined', { streamId, sessionId: v7() });
    await until('counted', () => counts.at(-1) === 1);
    stop();
  });
});

describe('PlaybackHeartbeat', () => {
  test('counts a viewer, says how it does, and ends', async () => {
    const client = connect();
    await until('connected', () => client.isConnected);
    const heartbeat = new PlaybackHeartbeat({
      ...{ client, streamId, everyMs: 30 },
      read: () => ({ quality: '720p', transport: 'll-hls', latencyMs: 600 }),
    });
    await until('beats', () => fixture.presence.beats.length > 1);
    expect(fixture.presence.beats[0]).toBe(heartbeat.sessionId);
    expect(fixture.presence.count(streamId)).toBe(1);
    await heartbeat.close();
    expect(fixture.presence.count(streamId)).toBe(0);
  });

  test('counts once over a reconnect', async () => {
    const client = connect();
    const heartbeat = new PlaybackHeartbeat({ client, streamId, everyMs: 30, read: () => ({}) });
    await until('counted', () => fixture.presence.count(streamId) === 1);
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    const before = fixture.presence.beats.length;
    await until('beats again', () => fixture.presence.beats.length > before);
    expect([...(fixture.presence.sessions.get(streamId) ?? [])]).toEqual([heartbeat.sessionId]);
    await heartbeat.close();
  });
});
