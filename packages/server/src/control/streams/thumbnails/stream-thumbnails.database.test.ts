import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../../api/actor.ts';
import { StreamsHarness } from '../testing/streams-harness.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let owner: Person;
let viewer: Person;
let channelId: string;
let picture: Buffer;

beforeAll(async () => {
  harness = await StreamsHarness.create();
  owner = await harness.person('owner');
  viewer = await harness.person('viewer');
  channelId = await harness.channel({ owner, viewer });
  picture = await sharp({ create: { width: 64, height: 36, channels: 3, background: '#f00' } })
    .png()
    .toBuffer();
});
afterAll(() => harness?.close());

const nothing = { version: undefined, knownEtag: undefined };

describe('a stream’s picture', () => {
  test('is served as JPEG at the address that the stream then names, for a day under its version', async () => {
    const { id } = await harness.stream(owner, channelId);
    await expect(harness.thumbnails.answer(NOBODY, id, nothing)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { thumbnailUrl } = await harness.thumbnails.put(owner, id, picture);
    expect((await harness.service.get(NOBODY, id)).thumbnailUrl).toBe(thumbnailUrl);
    const version = /^\/api\/streams\/.*\/thumbnail\?v=([0-9a-f]{32})$/.exec(thumbnailUrl)?.[1];
    const served = await harness.thumbnails.answer(NOBODY, id, { version, knownEtag: undefined });
    expect(await sharp(served.body as Buffer).metadata()).toMatchObject({
      format: 'jpeg',
      width: 64,
      height: 36,
    });
    expect(served.headers).toMatchObject({
      'Content-Type': 'image/jpeg',
      'Cache-Control': 'public, max-age=86400, immutable',
      ETag: `"${version}"`,
    });
    expect((await harness.thumbnails.answer(NOBODY, id, nothing)).headers['Cache-Control']).toBe(
      'public, max-age=60',
    );
    const known = await harness.thumbnails.answer(NOBODY, id, {
      version: undefined,
      knownEtag: `"${version}"`,
    });
    expect([known.status, known.body]).toEqual([304, '']);
    await harness.thumbnails.remove(owner, id);
    expect(harness.told.at(-1)).toEqual({
      name: 'stream-updated',
      payload: { streamId: id, changes: { thumbnailUrl: '' } },
    });
    await expect(harness.thumbnails.answer(NOBODY, id, nothing)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await harness.service.get(NOBODY, id)).thumbnailUrl).toBeUndefined();
  });

  test('of a private stream is for members, and is kept by nobody', async () => {
    const { id } = await harness.stream(owner, channelId, { visibility: 'private' });
    const { thumbnailUrl } = await harness.thumbnails.put(owner, id, picture);
    const version = thumbnailUrl.split('v=')[1];
    await expect(
      harness.thumbnails.answer(NOBODY, id, { version, knownEtag: `"${version}"` }),
    ).rejects.toMatchObject({
      code: 'STREAM_NOT_FOUND',
    });
    const served = await harness.thumbnails.answer(viewer, id, { version, knownEtag: undefined });
    expect(served.headers['Cache-Control']).toBe('private, no-store');
  });
});
