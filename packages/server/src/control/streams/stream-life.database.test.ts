import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { eventually, StreamsHarness } from './testing/streams-harness.ts';

let harness: StreamsHarness;
let owner: Actor & { userId: string };
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create({ restartGraceMs: 200, heartbeatMs: 50 });
  owner = await harness.person('owner');
  channelId = await harness.channel({ owner });
});
afterAll(() => harness?.close());

const status = (streamId: string): Promise<unknown> => harness.column(streamId, 'status');
const toldOf = (streamId: string, name: string): unknown[] =>
  harness.told.filter((each) => each.name === name && JSON.stringify(each.payload).includes(streamId));

describe('the life of a stream', () => {
  test('is preparing until its owner starts it, though a publisher is connected', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    await harness.publish(key);
    await eventually(() => toldOf(id, 'stream-updated').length > 0, 'isPublishing told');
    expect(await harness.service.get(owner, id)).toMatchObject({
      status: 'preparing',
      isPublishing: true,
      isReconnecting: false,
    });
    expect(harness.watching.authorize({ streamId: id, address: '' })).toBe('absent');
    const started = await harness.service.start(owner, id);
    expect(started).toMatchObject({ status: 'live', isPublishing: true });
    expect(started.startedAt).toBeDefined();
    expect(started.streamKey).toMatch(/^live_….{4}$/);
    expect(harness.watching.authorize({ streamId: id, address: '' })).toBe('public');
    expect(JSON.stringify(toldOf(id, 'stream-live'))).not.toContain('streamKey');
    expect(toldOf(id, 'stream-live')).toHaveLength(1);
    await expect(harness.service.start(owner, id)).rejects.toMatchObject({
      code: 'STREAM_ALREADY_LIVE',
      message: 'Stream is already live',
    });
  });

  test('autoStart: goes live with its publisher', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    await harness.publish(key);
    await eventually(() => toldOf(id, 'stream-live').length === 1, 'live');
    expect(await status(id)).toBe('live');
  });

  test('a start before the publisher comes arms it', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    expect(await harness.service.start(owner, id)).toMatchObject({ status: 'preparing', autoStart: true });
    expect(await harness.service.start(owner, id)).toMatchObject({ status: 'preparing', autoStart: true });
    await harness.publish(key);
    await eventually(async () => (await status(id)) === 'live', 'live');
  });

  test('a lost publisher leaves it live and reconnecting; the end of the window ends it for good', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    await harness.publish(key);
    await eventually(async () => (await status(id)) === 'live', 'live');
    harness.live.tell({ type: 'publisher-lost', streamId: id, reason: 'connection-lost' });
    expect(await harness.service.get(owner, id)).toMatchObject({ status: 'live', isReconnecting: true });
    expect(toldOf(id, 'stream-error')).toMatchObject([
      { payload: { code: 'STREAM_INGEST_ERROR', error: 'The connection of the broadcaster was lost.' } },
    ]);
    await harness.publish(key);
    expect(await harness.service.get(owner, id)).toMatchObject({ status: 'live', isReconnecting: false });
    harness.live.tell({ type: 'publisher-lost', streamId: id, reason: 'connection-lost' });
    harness.live.tell({ type: 'ended', streamId: id });
    await eventually(() => toldOf(id, 'stream-ended').length === 1, 'ended');
    expect(toldOf(id, 'stream-ended')).toEqual([
      { name: 'stream-ended', payload: { streamId: id, reason: 'publisher-lost' } },
    ]);
    const ended = await harness.service.get(owner, id);
    expect(ended).toMatchObject({ status: 'ended', isPublishing: false, recordingDurationSeconds: 0 });
    expect(ended.endedAt).toBeDefined();
    await expect(harness.publish(key)).rejects.toThrow('this stream has ended');
    await expect(harness.service.start(owner, id)).rejects.toMatchObject({
      code: 'STREAM_NOT_PREPARED',
      statusCode: 409,
    });
  });

  test('a publisher that leaves before the start leaves it preparing', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    await harness.publish(key);
    harness.live.tell({ type: 'publisher-lost', streamId: id, reason: 'unpublished' });
    harness.live.tell({ type: 'ended', streamId: id });
    await eventually(async () => !(await harness.service.get(owner, id)).isPublishing, 'gone');
    expect(await status(id)).toBe('preparing');
    expect(toldOf(id, 'stream-error')).toEqual([]);
    await harness.publish(key);
  });

  test('end ends media at once, twice is once, and what never was live cannot end', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    await expect(harness.service.end(owner, id)).rejects.toMatchObject({
      code: 'STREAM_NOT_LIVE',
      statusCode: 400,
    });
    await harness.publish(key);
    await eventually(async () => (await status(id)) === 'live', 'live');
    expect(await harness.service.end(owner, id)).toMatchObject({ status: 'ended' });
    expect(harness.live.ended).toContain(id);
    harness.live.tell({ type: 'ended', streamId: id });
    expect(await harness.service.end(owner, id)).toMatchObject({ status: 'ended' });
    expect(toldOf(id, 'stream-ended')).toEqual([
      { name: 'stream-ended', payload: { streamId: id, reason: 'completed' } },
    ]);
  });

  test('cancel: from scheduled and preparing only', async () => {
    const scheduled = await harness.stream(owner, channelId, { scheduledAt: '2099-01-01T10:00:00.000Z' });
    expect(await status(scheduled.id)).toBe('scheduled');
    expect(await harness.service.cancel(owner, scheduled.id)).toMatchObject({ status: 'cancelled' });
    await expect(harness.publish(scheduled.key)).rejects.toThrow('this stream was cancelled');
    await expect(harness.service.cancel(owner, scheduled.id)).rejects.toMatchObject({
      code: 'STREAM_NOT_SCHEDULED',
      message: 'Only scheduled streams can be cancelled',
    });
  });

  test('deleted while live: media ends, nobody watches, its key is unknown', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    await harness.publish(key);
    await eventually(async () => (await status(id)) === 'live', 'live');
    await harness.service.remove(owner, id);
    expect(harness.live.ended).toContain(id);
    expect(harness.watching.authorize({ streamId: id, address: '' })).toBe('absent');
    await expect(harness.publish(key)).rejects.toThrow('unknown stream key');
    expect(toldOf(id, 'stream-deleted')).toHaveLength(1);
    await expect(harness.service.get(owner, id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  test('a publisher whose stream ended while it came in is sent away', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    const decision = await harness.authorizer.authorize({
      protocol: 'rtmp',
      app: '',
      streamKey: key,
      peer: '',
    });
    await harness.service.cancel(owner, id);
    harness.live.ended.length = 0;
    if (decision.allowed) harness.live.connect(id, decision.keyId);
    await eventually(() => harness.live.ended.includes(id), 'sent away');
  });
});

describe('a restart of the server', () => {
  test('leaves live streams live for the rest of their window; who comes back goes on, who does not ends', async () => {
    const back = await harness.stream(owner, channelId, { autoStart: true, reconnectWindowSeconds: 1 });
    const lost = await harness.stream(owner, channelId, { autoStart: true, reconnectWindowSeconds: 1 });
    await harness.publish(back.key);
    await harness.publish(lost.key);
    await eventually(
      async () => (await status(back.id)) === 'live' && (await status(lost.id)) === 'live',
      'live',
    );
    harness.live.tell({ type: 'publisher-lost', streamId: back.id, reason: 'server-stopping' });
    harness.restart();
    await eventually(() => harness.streams.get(back.id) !== undefined, 'found again');
    expect(await harness.service.get(owner, back.id)).toMatchObject({ status: 'live', isReconnecting: true });
    await harness.publish(back.key);
    await eventually(() => toldOf(lost.id, 'stream-ended').length === 1, 'ended');
    expect(toldOf(lost.id, 'stream-ended')).toMatchObject([{ payload: { reason: 'publisher-lost' } }]);
    expect(await status(back.id)).toBe('live');
    expect(toldOf(back.id, 'stream-live')).toHaveLength(0);
  });
});

describe('the broadcaster’s rights', () => {
  test('lost while publishing: the connection is closed', async () => {
    const guest = await harness.person('guest');
    const channel = await harness.channel({ owner, broadcaster: guest });
    const { id, key } = await harness.stream(guest, channel, { autoStart: true });
    const { keyId } = await harness.publish(key);
    await eventually(async () => (await status(id)) === 'live', 'live');
    await harness.database.asService((tx) =>
      tx
        .updateTable('nchat_channel_members')
        .set({ role: 'viewer' })
        .where('user_id', '=', guest.userId)
        .execute(),
    );
    harness.events.emit('access-changed', { userId: guest.userId });
    await eventually(() => harness.live.revoked.includes(keyId), 'closed', 2000);
  });
});
