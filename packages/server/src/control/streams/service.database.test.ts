import { createStreamBody, streamDetails } from '@tallylight/protocol/routes/streams.ts';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { eventually, StreamsHarness } from './testing/streams-harness.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let owner: Person;
let viewer: Person;
let moderator: Person;
let stranger: Person;
let admin: Person;
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create({ maxUnfinishedPerBroadcaster: 40 });
  [owner, viewer, moderator, stranger] = (await Promise.all(
    ['owner', 'viewer', 'moderator', 'stranger'].map((name) => harness.person(name)),
  )) as [Person, Person, Person, Person];
  admin = await harness.person('admin', { role: 'admin' });
  channelId = await harness.channel({ owner, viewer, moderator });
});
afterAll(() => harness?.close());

const list = { limit: 50, offset: 0 };

describe('create', () => {
  test('of who is no member, or may not broadcast: 403 in nchat’s words', async () => {
    const input = createStreamBody.parse({ channelId, title: ' T ' });
    await expect(harness.service.create(stranger, input)).rejects.toMatchObject({
      code: 'STREAM_UNAUTHORIZED',
      statusCode: 403,
      message: 'Not a member of this channel',
    });
    await expect(harness.service.create(viewer, input)).rejects.toMatchObject({
      code: 'STREAM_UNAUTHORIZED',
    });
    await expect(
      harness.service.create(owner, { ...input, channelId: '0195d000-0000-7000-8000-000000000000' }),
    ).rejects.toMatchObject({ message: 'Not a member of this channel' });
    await expect(
      harness.service.create(admin, { ...input, channelId: '0195d000-0000-7000-8000-000000000000' }),
    ).rejects.toMatchObject({ code: 'STREAM_UNAUTHORIZED' });
  });

  test('of an id that is made already gives what was made, once, and only to whom it belongs', async () => {
    const [input, createdId] = [createStreamBody.parse({ channelId, title: 'once' }), v7()];
    const told: string[] = [];
    const hear = ({ stream }: { stream: { id: string } }): void => void told.push(stream.id);
    harness.events.on('stream-created', hear);
    const made = await harness.service.create(owner, input, createdId);
    expect(made.id).toBe(createdId);
    const again = await Promise.all([1, 2].map(() => harness.service.create(owner, input, createdId)));
    expect(again).toEqual([made, made]);
    expect(told).toEqual([createdId]);
    const late = v7();
    const both = await Promise.all([1, 2, 3].map(() => harness.service.create(owner, input, late)));
    expect(new Set(both.map(({ id }) => id))).toEqual(new Set([late]));
    await expect(harness.service.create(admin, input, createdId)).rejects.toThrow();
    harness.events.off('stream-created', hear);
  });

  test('gives nchat’s defaults, a masked key and where to publish', async () => {
    const made = await harness.service.create(owner, createStreamBody.parse({ channelId, title: ' T ' }));
    expect(made).toMatchObject({
      channelId,
      broadcasterId: owner.userId,
      title: 'T',
      status: 'preparing',
      maxResolution: '1080p',
      bitrateKbps: 6000,
      fps: 30,
      isRecorded: true,
      enableChat: true,
      enableReactions: true,
      enableQa: false,
      chatMode: 'open',
      tags: [],
      language: 'en',
      visibility: 'public',
      reconnectWindowSeconds: 120,
      ingestUrl: 'rtmp://live.test:1935/live',
      whipUrl: 'https://live.test/whip',
      hlsManifestUrl: `/hls/${made.id}/index.m3u8`,
    });
    expect(made.streamKey).toMatch(/^live_….{4}$/);
    expect(JSON.stringify(harness.told.at(-1))).not.toMatch(/streamKey|ingestUrl/);
  });

  test('without what it needs: nchat’s words', () => {
    for (const body of [{}, { title: 'T' }, { channelId }, { channelId, title: '  ' }]) {
      const result = createStreamBody.safeParse(body);
      expect(result.error?.issues[0]?.message).toBe('channelId and title are required');
    }
  });

  test('of the stream above the limit: refused; an ended one makes room', async () => {
    const busy = await harness.person('busy');
    const channel = await harness.channel({ owner: busy });
    const ids: string[] = [];
    for (let made = 0; made < 40; made++) ids.push((await harness.stream(busy, channel)).id);
    await expect(harness.stream(busy, channel)).rejects.toMatchObject({ code: 'CONFLICT', statusCode: 409 });
    await harness.service.cancel(busy, ids[0] ?? '');
    await harness.stream(busy, channel);
  });
});

describe('get', () => {
  test('has what nchat’s page reads, and neither key nor address for others', async () => {
    const { id } = await harness.stream(owner, channelId, { tags: ['a'], description: 'D' });
    const seen = await harness.service.get(NOBODY, id);
    expect(streamDetails.parse(seen)).toEqual(seen);
    expect(seen).toMatchObject({
      isOwner: false,
      streamUrl: `/hls/${id}/index.m3u8`,
      metadata: {
        id,
        title: 'Stream',
        description: 'D',
        isLive: false,
        streamer: { id: owner.userId, name: 'owner' },
      },
    });
    for (const other of [NOBODY, viewer, moderator, stranger]) {
      const body = JSON.stringify(await harness.service.get(other, id));
      expect(body).not.toMatch(/streamKey|ingestUrl|whipUrl|live_/);
    }
    expect(await harness.service.get(moderator, id)).toMatchObject({ isOwner: false, isModerator: true });
    expect(await harness.service.get(owner, id)).toMatchObject({
      isOwner: true,
      ingestUrl: expect.any(String),
    });
    expect(await harness.service.get(admin, id)).toMatchObject({ isOwner: true });
  });

  test('of a private stream, or of a stream of a private channel: only for members', async () => {
    const hidden = await harness.channel({ owner, viewer }, { isPrivate: true });
    const ofPrivate = await harness.stream(owner, hidden);
    const isPrivate = await harness.stream(owner, channelId, { visibility: 'private' });
    for (const { id } of [ofPrivate, isPrivate]) {
      for (const actor of [NOBODY, stranger]) {
        await expect(harness.service.get(actor, id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
        await expect(harness.service.watchUrls(actor, id)).rejects.toMatchObject({
          code: 'STREAM_NOT_FOUND',
        });
      }
      expect((await harness.service.get(viewer, id)).streamUrl).toMatch(/^\/hls\/t\/[\w.-]+\//);
    }
  });
});

describe('what only owners may do', () => {
  test('is 403 for who sees the stream, 404 for who does not, and changes nothing', async () => {
    const open = await harness.stream(owner, channelId);
    const closed = await harness.stream(owner, channelId, { visibility: 'private' });
    const { service } = harness;
    const acts: ((actor: Actor, id: string) => Promise<unknown>)[] = [
      (actor, id) => service.update(actor, id, { title: 'stolen' }),
      (actor, id) => service.remove(actor, id),
      (actor, id) => service.start(actor, id),
      (actor, id) => service.end(actor, id),
      (actor, id) => service.cancel(actor, id),
      (actor, id) => service.regenerateKey(actor, id, 0),
      (actor, id) => service.revealKey(actor, id, '127.0.0.1'),
      (actor, id) => harness.thumbnails.put(actor, id, Buffer.from('x')),
      (actor, id) => harness.thumbnails.remove(actor, id),
    ];
    for (const act of acts) {
      for (const actor of [viewer, moderator, stranger]) {
        await expect(act(actor, open.id)).rejects.toMatchObject({
          code: 'STREAM_UNAUTHORIZED',
          message: 'Forbidden',
        });
      }
      await expect(act(stranger, closed.id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    }
    expect(await harness.service.get(owner, open.id)).toMatchObject({
      title: 'Stream',
      status: 'preparing',
      autoStart: false,
    });
    expect((await harness.service.revealKey(owner, open.id, '127.0.0.1')).streamKey).toBe(open.key);
  });

  test('members of the body that are no settings change nothing', async () => {
    const { id } = await harness.stream(owner, channelId);
    const forged = {
      title: 'New',
      broadcasterId: stranger.userId,
      status: 'live',
      channelId: 'x',
      streamKey: 'k',
    };
    const { updateStreamInput } = await import('@tallylight/protocol/entities/stream.ts');
    await harness.service.update(owner, id, updateStreamInput.parse(forged));
    expect(await harness.service.get(owner, id)).toMatchObject({
      title: 'New',
      broadcasterId: owner.userId,
      status: 'preparing',
      channelId,
    });
  });
});

describe('update', () => {
  test('a schedule makes it scheduled, its removal preparing, and what has begun keeps its time', async () => {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    expect(
      await harness.service.update(owner, id, { scheduledAt: '2099-01-01T10:00:00.000Z' }),
    ).toMatchObject({
      status: 'scheduled',
      scheduledAt: '2099-01-01T10:00:00.000Z',
    });
    expect(await harness.service.update(owner, id, { scheduledAt: null, description: 'D' })).toMatchObject({
      status: 'preparing',
    });
    expect(harness.told.at(-1)).toMatchObject({
      name: 'stream-updated',
      payload: { streamId: id, changes: { description: 'D', status: 'preparing' } },
    });
    await harness.publish(key);
    await eventually(async () => (await harness.column(id, 'status')) === 'live', 'live');
    await expect(
      harness.service.update(owner, id, { scheduledAt: '2099-01-01T10:00:00.000Z' }),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('a picture’s address is of the web or of this server', async () => {
    const { id } = await harness.stream(owner, channelId);
    for (const thumbnailUrl of [
      'javascript:alert(1)',
      'data:text/html,x',
      '//evil.test/x',
      'x.png',
      'http://',
    ]) {
      await expect(harness.service.update(owner, id, { thumbnailUrl })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
    }
    await harness.service.update(owner, id, { thumbnailUrl: 'https://pictures.test/x.png' });
    await harness.service.update(owner, id, { thumbnailUrl: null });
  });
});

describe('lists', () => {
  test('hide what is unlisted from all but owners, and what is private from all but members', async () => {
    const channel = await harness.channel({ owner, viewer });
    const add = (title: string, more: object): Promise<{ id: string }> =>
      harness.stream(owner, channel, { title, ...more });
    await add('open', { tags: ['music'], language: 'de' });
    await add('unlisted', { visibility: 'unlisted' });
    await add('private', { visibility: 'private' });
    const titles = async (actor: Actor, filter: object = {}): Promise<string[]> =>
      (await harness.service.list(actor, 'all', { ...list, channelId: channel, ...filter })).streams.map(
        ({ title }) => title,
      );
    expect(await titles(NOBODY)).toEqual(['open']);
    expect(await titles(stranger)).toEqual(['open']);
    expect(await titles(viewer)).toEqual(['private', 'open']);
    expect(await titles(owner)).toEqual(['private', 'unlisted', 'open']);
    expect(await titles(owner, { tag: 'music' })).toEqual(['open']);
    expect(await titles(owner, { language: 'de' })).toEqual(['open']);
    expect(await titles(owner, { tag: 'Music' })).toEqual([]);
    expect(await titles(owner, { userId: stranger.userId })).toEqual([]);
    expect(await titles(owner, { limit: 1, offset: 1 })).toEqual(['unlisted']);
    const page = await harness.service.list(owner, 'all', { channelId: channel, limit: 2, offset: 0 });
    expect([page.streams.length, page.hasMore]).toEqual([2, true]);
    const last = await harness.service.list(owner, 'all', { channelId: channel, limit: 2, offset: 2 });
    expect([last.streams.length, last.hasMore]).toEqual([1, false]);
  });

  test('live, scheduled and past have their own order', async () => {
    const channel = await harness.channel({ owner });
    const made: { id: string; key: string }[] = [];
    for (const title of ['1', '2', '3'])
      made.push(await harness.stream(owner, channel, { title, autoStart: true }));
    await harness.stream(owner, channel, { title: 'later', scheduledAt: '2099-02-01T10:00:00.000Z' });
    await harness.stream(owner, channel, { title: 'sooner', scheduledAt: '2099-01-01T10:00:00.000Z' });
    for (const { id, key } of made) {
      await harness.publish(key);
      await eventually(async () => (await harness.column(id, 'status')) === 'live', 'live');
    }
    const titles = async (of: 'live' | 'scheduled' | 'past'): Promise<string[]> =>
      (await harness.service.list(NOBODY, of, { ...list, channelId: channel })).streams.map(
        ({ title }) => title,
      );
    expect(await titles('live')).toEqual(['3', '2', '1']);
    expect(await titles('scheduled')).toEqual(['sooner', 'later']);
    for (const { id } of made) await harness.service.end(owner, id);
    expect(await titles('past')).toEqual(['3', '2', '1']);
  });
});

describe('keys', () => {
  test('are shown again only after it was written down', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    expect(key).toMatch(/^live_[\w-]{43}$/);
    const { rows } = await harness.database.asService((tx) =>
      sql<{ actor_id: string; action: string; address: string }>`
        SELECT actor_id, action, address FROM nchat_live_audit_log WHERE target = ${id}`.execute(tx),
    );
    expect(rows).toEqual([{ actor_id: owner.userId, action: 'stream-key.reveal', address: '127.0.0.1' }]);
  });

  test('lie in the database as a keyed hash and sealed, and no user’s role sees them', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    const { rows } = await harness.database.asService((tx) =>
      sql<{ all: string }>`SELECT to_jsonb(k)::text || to_jsonb(s)::text AS all FROM nchat_stream_keys k
        JOIN nchat_streams s ON s.id = k.stream_id WHERE k.stream_id = ${id}`.execute(tx),
    );
    expect(rows[0]?.all).not.toContain(key);
    expect(rows[0]?.all).not.toContain(key.slice(5, 20));
    await expect(
      harness.database.asUser(owner, (tx) => tx.selectFrom('nchat_stream_keys').selectAll().execute()),
    ).rejects.toThrow('permission denied');
    await expect(
      harness.database.asUser(stranger, (tx) =>
        sql`SELECT tallylight.replace_stream_key(${id}, ${id}, 9, 'x', '{}', 'x', '0')`.execute(tx),
      ),
    ).rejects.toThrow('not the caller');
  });

  test('changed: the old one is dead at once and what publishes with it is cut', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    const { keyId } = await harness.publish(key);
    const second = await harness.service.regenerateKey(owner, id, 0);
    expect(second).not.toBe(key);
    expect(harness.live.revoked).toContain(keyId);
    await expect(harness.publish(key)).rejects.toThrow('was replaced');
    await harness.publish(second);
    expect((await harness.service.revealKey(owner, id, '')).streamKey).toBe(second);
    expect((await harness.service.get(owner, id)).streamKey).toBe(`live_…${second.slice(-4)}`);
  });

  test('changed with an overlap: the old one opens connections until it has passed', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    const { keyId } = await harness.publish(key);
    const second = await harness.service.regenerateKey(owner, id, 600);
    expect(harness.live.revoked).not.toContain(keyId);
    await harness.publish(key);
    await harness.database.asService((tx) =>
      sql`UPDATE nchat_stream_keys SET expires_at = now() - interval '1 second' WHERE id = ${keyId}`.execute(
        tx,
      ),
    );
    await expect(harness.publish(key)).rejects.toThrow('has expired');
    await harness.publish(second);
    expect((await harness.service.revealKey(owner, id, '')).streamKey).toBe(second);
  });

  test('changed by two at once: one of them wins, and its key is the one that works', async () => {
    const { id } = await harness.stream(owner, channelId);
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map(() => harness.service.regenerateKey(owner, id, 0)),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won.length).toBeGreaterThan(0);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
    const { streamKey } = await harness.service.revealKey(owner, id, '');
    expect(won).toContain(streamKey);
    await harness.publish(streamKey);
  });
});
