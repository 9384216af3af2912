import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { person } from './testing/fake-services.ts';
import { RealtimeFixture } from './testing/realtime-fixture.ts';
import { TestClient } from './testing/test-client.ts';

let fixture: RealtimeFixture;
const clients: TestClient[] = [];
const streamId = v7();

beforeEach(async () => {
  fixture = await RealtimeFixture.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await fixture.close();
});

async function signedIn(token: string): Promise<TestClient> {
  const client = await TestClient.connect(fixture.url, { token });
  clients.push(client);
  await client.ask('stream:join', { streamId });
  return client;
}

/** reliability.md §1.1: at most two seconds. */
async function withinTwoSeconds(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 2000, interval: 10 });
}

describe('open sockets of somebody whose rights changed', () => {
  test('are closed after a log-out, on every device of that session, and do not come back as them', async () => {
    const actor = person();
    const token = fixture.actors.issue(actor);
    const [phone, laptop] = [await signedIn(token), await signedIn(token)];
    const other = await signedIn(fixture.actors.issue());
    fixture.actors.change(token, undefined);
    fixture.events.emit('access-changed', { userId: actor.userId ?? '' });
    await withinTwoSeconds('both closed', () => !phone.socket.connected && !laptop.socket.connected);
    expect(other.socket.connected).toBe(true);
    await expect(TestClient.connect(fixture.url, { token })).rejects.toMatchObject({
      data: { code: 'UNAUTHENTICATED' },
    });
  });

  test('of one session stay when only another session ended', async () => {
    const actor = person();
    const [ended, going] = [fixture.actors.issue(actor), fixture.actors.issue(actor)];
    const [gone, stays] = [await signedIn(ended), await signedIn(going)];
    fixture.actors.change(ended, undefined);
    fixture.events.emit('access-changed', { userId: actor.userId ?? '', sessionId: 'x' });
    await withinTwoSeconds('closed', () => !gone.socket.connected);
    expect(await stays.ask('chat:send', { streamId, content: 'x', clientId: 'a' })).toMatchObject({
      ok: true,
    });
  });

  test('are downgraded when a moderator is one no more', async () => {
    const moderator = person();
    fixture.access.moderators.add(moderator.userId ?? '');
    const token = fixture.actors.issue(moderator);
    const client = await signedIn(token);
    const metrics = {
      ...{ id: v7(), streamId, recordedAt: new Date().toISOString() },
      ...{ currentViewerCount: 1, concurrentConnections: 1, droppedFrames: 0 },
    };
    fixture.events.emit('quality-metrics', metrics);
    await withinTwoSeconds('told', () => client.of('stream:quality-update').length === 1);
    fixture.access.moderators.clear();
    fixture.actors.change(token, { ...moderator, displayName: 'No moderator' });
    fixture.events.emit('access-changed', { userId: moderator.userId ?? '' });
    const asked = fixture.actors.asked;
    await withinTwoSeconds('asked again', () => fixture.actors.asked >= asked);
    await client.ask('stream:leave', { streamId: v7() });
    fixture.events.emit('quality-metrics', metrics);
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await withinTwoSeconds('still a viewer', () => client.of('stream:chat-unpinned').length === 1);
    expect(client.of('stream:quality-update')).toHaveLength(1);
  });

  test('are put out of the rooms that they were banned from, and told so', async () => {
    const actor = person();
    const client = await signedIn(fixture.actors.issue(actor));
    fixture.access.barred.add(actor.userId ?? '');
    fixture.events.emit('user-barred', {
      ...{ channelId: fixture.access.channelId, streamId: undefined },
      ...{ userId: actor.userId ?? '', kind: 'ban' },
    });
    await withinTwoSeconds('told', () => client.of('stream:user-banned').length === 1);
    await client.ask('stream:leave', { streamId: v7() });
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await client.ask('stream:leave', { streamId: v7() });
    expect(client.of('stream:chat-unpinned')).toEqual([]);
    expect(client.socket.connected).toBe(true);
  });

  test('stay while the database is away, and are asked about again when it is back', async () => {
    const actor = person();
    const token = fixture.actors.issue(actor);
    const client = await signedIn(token);
    const resolve = vi.spyOn(fixture.actors, 'resolve').mockRejectedValue(liveError('UNAVAILABLE', 'away'));
    const rightsOn = vi.spyOn(fixture.access, 'rightsOn').mockRejectedValue(liveError('UNAVAILABLE', 'away'));
    fixture.events.emit('access-changed', { userId: actor.userId ?? '' });
    fixture.events.emit('stream-updated', { streamId, changes: { visibility: 'private' } });
    await withinTwoSeconds('asked', () => resolve.mock.calls.length >= 1 && rightsOn.mock.calls.length >= 1);
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await withinTwoSeconds('still in the room', () => client.of('stream:chat-unpinned').length === 1);
    expect(client.socket.connected).toBe(true);
    fixture.access.private.add(streamId);
    resolve.mockRestore();
    rightsOn.mockRestore();
    await withinTwoSeconds('put out', () => client.of('stream:error').length === 1);
    expect(client.of('stream:error')[0]).toMatchObject({ streamId, code: 'STREAM_NOT_FOUND' });
    expect(client.socket.connected).toBe(true);
  });

  test('are closed when nobody can say for two reviews who they are', async () => {
    await fixture.close();
    fixture = await RealtimeFixture.start({ reviewMs: 200 });
    const client = await signedIn(fixture.actors.issue());
    vi.spyOn(fixture.actors, 'resolve').mockRejectedValue(liveError('UNAVAILABLE', 'no database'));
    await withinTwoSeconds('closed', () => !client.socket.connected);
  });

  test('are asked again when a channel became private, or when changes went unheard, those of nobody too', async () => {
    const client = await TestClient.connect(fixture.url, {});
    clients.push(client);
    const other = v7();
    await client.ask('stream:join', { streamId });
    await client.ask('stream:join', { streamId: other });
    fixture.access.private.add(streamId);
    fixture.events.emit('channel-changed', { channelId: fixture.access.channelId });
    await withinTwoSeconds('put out', () => client.of('stream:error').length === 1);
    fixture.access.private.add(other);
    fixture.events.emit('access-missed');
    await withinTwoSeconds('put out', () => client.of('stream:error').length === 2);
  });

  test('hear of a deletion once', async () => {
    const client = await signedIn(fixture.actors.issue());
    fixture.events.emit('stream-ended', { streamId, reason: 'deleted' });
    fixture.events.emit('stream-deleted', { streamId });
    await client.ask('stream:leave', { streamId: v7() });
    expect(client.of('stream:end')).toHaveLength(1);
  });

  test('leave a stream that is made private or deleted', async () => {
    const client = await signedIn(fixture.actors.issue());
    fixture.access.private.add(streamId);
    fixture.events.emit('stream-updated', { streamId, changes: { visibility: 'private' } });
    await client.ask('stream:leave', { streamId: v7() });
    await client.ask('stream:leave', { streamId: v7() });
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await client.ask('stream:leave', { streamId: v7() });
    expect(client.of('stream:chat-unpinned')).toEqual([]);

    const deleted = v7();
    await client.ask('stream:join', { streamId: deleted });
    fixture.events.emit('stream-deleted', { streamId: deleted });
    fixture.events.emit('chat-unpinned', { streamId: deleted, messageId: v7() });
    await withinTwoSeconds('told', () => client.of('stream:end').length === 1);
    await client.ask('stream:leave', { streamId: v7() });
    expect(client.of('stream:chat-unpinned')).toEqual([]);
  });

  test('are asked again from time to time, as tokens run out without a word', async () => {
    await fixture.close();
    fixture = await RealtimeFixture.start({ reviewMs: 50 });
    const token = fixture.actors.issue();
    const client = await signedIn(token);
    fixture.actors.change(token, undefined);
    await withinTwoSeconds('closed', () => !client.socket.connected);
  });
});
