import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { streamRoutes as routes } from '@tallylight/protocol/routes/streams.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { Api } from '../../api/api.ts';
import { silentLogger } from '../../platform/logger.ts';
import { streamRoutes } from './routes.ts';
import { StreamsHarness } from './testing/streams-harness.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let api: Api;
let server: Server;
let base: string;
const people = new Map<string, Actor>();
let owner: Person;
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create();
  owner = await harness.person('owner');
  people.set('owner', owner);
  people.set('long ago', { ...owner, provenAtMs: Date.now() - 301_000 });
  people.set('guest', { ...(await harness.person('guest')), isGuest: true });
  channelId = await harness.channel({ owner });
  api = new Api({
    actors: { resolve: async (headers) => people.get(String(headers['x-test-actor'])) ?? NOBODY },
    clientAddress: () => '127.0.0.1',
    clock: harness.clock,
    log: silentLogger,
    strictAnswers: true,
  });
  streamRoutes(api, harness);
  await api.open();
  server = createServer((request, response) => {
    if (!api.handle(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  api?.close();
  server?.closeAllConnections();
  server?.close();
  await harness?.close();
});

async function call(
  method: string,
  path: string,
  actor = 'owner',
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown>; text: string; headers: Headers }> {
  const answer = await fetch(base + path, {
    method,
    headers: { 'x-test-actor': actor, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  return { status: answer.status, text, headers: answer.headers, body: isJson ? JSON.parse(text) : {} };
}

describe('the routes of streams, over HTTP', () => {
  test('a life: create, get, update, start, end, each in both spellings', async () => {
    const made = await call('POST', '/api/streams/create', 'owner', {
      channelId,
      title: 'T',
      chatMode: 'followers_only',
    });
    expect([made.status, made.body['chat_mode']]).toEqual([200, 'followers']);
    expect(made.body['channelId']).toBe(made.body['channel_id']);
    const one = `/api/streams/${String(made.body['id'])}`;
    const got = await call('GET', one, 'nobody');
    expect(got.body).toMatchObject({
      stream_url: expect.any(String),
      metadata: { is_live: false, isLive: false },
    });
    expect(got.text).not.toMatch(/stream_?key|ingest_?url/i);
    expect((await call('GET', one)).body).toMatchObject({ ingest_url: 'rtmp://live.test:1935/live' });
    expect((await call('PATCH', one, 'owner', { enable_qa: true })).body).toMatchObject({
      enableQa: true,
      enable_qa: true,
    });
    expect((await call('POST', `${one}/start`)).body).toMatchObject({ autoStart: true });
    expect((await call('POST', `${one}/end`)).body).toMatchObject({ error: expect.anything() });
    expect((await call('POST', `${one}/cancel`)).body).toMatchObject({ status: 'cancelled' });
    expect((await call('DELETE', one)).body).toEqual({ success: true });
    expect((await call('GET', one)).status).toBe(404);
  });

  test('the aliases make streams too; a schedule needs its time', async () => {
    expect((await call('POST', '/api/streams', 'owner', { channel_id: channelId, title: 'T' })).status).toBe(
      200,
    );
    expect((await call('POST', '/api/streams/schedule', 'owner', { channelId, title: 'T' })).status).toBe(
      400,
    );
    const scheduledAt = '2099-01-01T00:00:00.000Z';
    const made = await call('POST', '/api/streams/schedule', 'owner', { channelId, title: 'T', scheduledAt });
    expect(made.body).toMatchObject({ status: 'scheduled', scheduled_at: scheduledAt });
    const calendar = await call('GET', `/api/streams/${String(made.body['id'])}/event.ics`, 'nobody');
    expect([calendar.status, calendar.headers.get('content-type')]).toEqual([
      200,
      'text/calendar; charset=utf-8',
    ]);
    expect((await call('GET', `/api/channels/${channelId}/schedule.ics`, 'nobody')).text).toContain(
      'BEGIN:VEVENT',
    );
    expect((await call('GET', `/api/channels/${channelId}/schedule-url`, 'nobody')).status).toBe(401);
  });

  test('lists are arrays, with the way to tell whether there is more', async () => {
    for (const of of ['', '/live', '/scheduled', '/past']) {
      const answer = await call('GET', `/api/streams${of}?limit=1`, 'nobody');
      expect([answer.status, Array.isArray(answer.body)]).toEqual([200, true]);
      expect(answer.headers.get('x-has-more')).toMatch(/^true|false$/);
    }
    for (const limit of ['0', '101', 'x'])
      expect((await call('GET', `/api/streams/past?limit=${limit}`)).status).toBe(400);
    expect((await call('GET', '/api/streams/past?limit=100')).status).toBe(200);
  });

  test('keys want a password of the last five minutes, and are kept by nobody on their way', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    expect((await call('GET', `/api/streams/${id}/key`, 'long ago')).body).toMatchObject({
      code: 'STEP_UP_REQUIRED',
    });
    expect((await call('POST', `/api/streams/${id}/regenerate-key`, 'long ago')).status).toBe(401);
    const shown = await call('GET', `/api/streams/${id}/key`);
    expect(shown.body).toMatchObject({ streamKey: key, stream_key: key, whipUrl: 'https://live.test/whip' });
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(
      (await call('POST', `/api/streams/${id}/regenerate-key`, 'owner', { overlapSeconds: 601 })).status,
    ).toBe(400);
    expect(
      (await call('POST', `/api/streams/${id}/regenerate-key`, 'owner', { overlapSeconds: 600 })).status,
    ).toBe(200);
  });

  test('a picture: by its kind, and not by its name', async () => {
    const { id } = await harness.stream(owner, channelId);
    const put = async (type: string, bytes: Uint8Array<ArrayBuffer>) =>
      (
        await fetch(`${base}/api/streams/${id}/thumbnail`, {
          method: 'PUT',
          headers: { 'content-type': type, 'x-test-actor': 'owner' },
          body: bytes,
        })
      ).status;
    expect(await put('image/svg+xml', Buffer.from('<svg/>'))).toBe(415);
    expect(await put('image/png', Buffer.from('<svg/>'))).toBe(415);
    expect(await put('image/png', Buffer.alloc((5 << 20) + 1))).toBe(413);
  });

  test('guests and nobody change nothing', async () => {
    const { id } = await harness.stream(owner, channelId);
    for (const route of Object.values(routes).filter(({ access }) => access === 'account')) {
      const path = route.path.replace(':id', route.path.includes('channels') ? channelId : id);
      expect((await call(route.method, path, 'nobody')).status, route.operation).toBe(401);
      expect((await call(route.method, path, 'guest')).status, route.operation).toBe(403);
    }
    expect(await harness.column(id, 'status')).toBe('preparing');
  });
});
