import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { LivestreamError } from '@tallylight/protocol/errors.ts';
import { describe, expect, test } from 'vitest';
import { createLivestreamService, getLivestreamService } from './livestream-service.ts';
import { createStreamManager, getStreamManager, type StreamManagerConfig } from './stream-manager.ts';

const stream = { id: 's1', status: 'live', broadcasterId: 'u1', title: 'A' } as Stream;

/** A server of prepared answers, and the requests it got as `METHOD address body`. */
function server(...answers: [status: number, body: unknown][]) {
  const requests: string[] = [];
  const fake: typeof fetch = async (url, init = {}) => {
    const address = url instanceof Request ? url.url : `${url}`;
    const body = typeof init.body === 'string' ? ` ${init.body}` : '';
    requests.push(`${init.method} ${address}${body}`);
    const [status, answer] = answers.shift() ?? [500, {}];
    return new Response(JSON.stringify(answer), {
      status,
      statusText: status === 404 ? 'Not Found' : '',
      headers: { 'Content-Type': 'application/json' },
    });
  };
  return { requests, client: { fetch: fake, retries: 0 } };
}

function managing(config: StreamManagerConfig, ...answers: [number, unknown][]) {
  const { requests, client } = server(...answers);
  return { requests, manager: createStreamManager({ ...config, client }) };
}

describe('StreamManager', () => {
  test('calls nchat’s routes', async () => {
    const { requests, manager } = managing(
      { apiBaseUrl: 'https://x.example/live/streams/' },
      ...Array.from({ length: 14 }, (): [number, unknown] => [
        200,
        { ...stream, count: 7, manifestUrl: '/m.m3u8', streamKey: 'live_k' },
      ]),
    );
    const input = { channelId: 'c', title: 'A' };
    await manager.createStream(input);
    await manager.getStream('s1');
    await manager.updateStream('s1', { title: 'B' });
    await manager.deleteStream('s1');
    await manager.startStream('s1');
    await manager.endStream('s1');
    await manager.cancelStream('s1');
    await manager.getLiveStreams('c');
    await manager.getScheduledStreams();
    await manager.getPastStreams('c');
    await manager.getUserStreams('u1', 'live');
    expect(await manager.getViewerCount('s1')).toBe(7);
    expect(await manager.getHlsManifestUrl('s1')).toBe('/m.m3u8');
    expect(await manager.regenerateStreamKey('s1')).toBe('live_k');
    const at = 'https://x.example/live/streams';
    expect(requests).toEqual([
      `POST ${at}/create {"channelId":"c","title":"A"}`,
      `GET ${at}/s1`,
      `PATCH ${at}/s1 {"title":"B"}`,
      `DELETE ${at}/s1`,
      `POST ${at}/s1/start`,
      `POST ${at}/s1/end`,
      `POST ${at}/s1/cancel`,
      `GET ${at}/live?channelId=c`,
      `GET ${at}/scheduled`,
      `GET ${at}/past?channelId=c&limit=20`,
      `GET ${at}?userId=u1&status=live`,
      `GET ${at}/s1/viewers?limit=1`,
      `GET ${at}/s1/hls`,
      `POST ${at}/s1/regenerate-key {}`,
    ]);
  });

  test('tells what happened, and fails with nchat’s words and our code', async () => {
    const told: unknown[] = [];
    const { manager } = managing(
      {
        onStreamCreated: (made) => told.push(['created', made.id]),
        onStreamStarted: (started) => told.push(['started', started.id]),
        onStreamEnded: (ended) => told.push(['ended', ended.id]),
        onError: (error) => told.push(error.message),
      },
      [200, stream],
      [200, stream],
      [200, stream],
      [404, { error: 'Stream not found: s1', code: 'STREAM_NOT_FOUND' }],
      [400, { error: 'Stream is already live', code: 'STREAM_ALREADY_LIVE' }],
    );
    await manager.createStream({ channelId: 'c', title: 'A' });
    await manager.startStream('s1');
    await manager.endStream('s1');
    const error = await manager.getStream('s1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LivestreamError);
    expect(error).toMatchObject({
      message: 'Failed to get stream: Not Found',
      code: 'STREAM_NOT_FOUND',
      statusCode: 404,
    });
    await expect(manager.startStream('s1')).rejects.toThrow('Failed to start stream: Stream is already live');
    expect(told).toEqual([
      ['created', 's1'],
      ['started', 's1'],
      ['ended', 's1'],
      'Failed to get stream: Not Found',
      'Failed to start stream: Stream is already live',
    ]);
  });

  test('knows states and times', () => {
    const manager = createStreamManager();
    expect(manager.isStreamLive(stream)).toBe(true);
    expect(manager.isStreamScheduled({ ...stream, status: 'scheduled' })).toBe(true);
    expect(manager.hasStreamEnded({ ...stream, status: 'ended' })).toBe(true);
    expect(manager.getStreamDuration(stream)).toBeNull();
    const times = { startedAt: '2026-11-22T10:00:00Z', endedAt: '2026-11-22T11:02:03.9Z' };
    expect(manager.getStreamDuration({ ...stream, ...times })).toBe(3723);
    expect([0, 59, 61, 3599, 3600, 3723.9, 360_000].map((s) => manager.formatDuration(s))).toEqual([
      '0:00',
      '0:59',
      '1:01',
      '59:59',
      '1:00:00',
      '1:02:03',
      '100:00:00',
    ]);
  });

  test('is one for the page', () => {
    expect(getStreamManager()).toBe(getStreamManager());
    const other = getStreamManager({ apiBaseUrl: '/x' });
    expect(getStreamManager()).toBe(other);
    expect(getLivestreamService()).toBe(getLivestreamService());
  });
});

describe('LivestreamService', () => {
  test('says in nchat’s words what was refused', async () => {
    const { client } = server(
      [403, { error: 'Forbidden', code: 'STREAM_UNAUTHORIZED' }],
      [400, { error: 'x', code: 'STREAM_ALREADY_LIVE' }],
      [400, { error: 'x', code: 'STREAM_NOT_SCHEDULED' }],
    );
    const service = createLivestreamService({ client });
    await expect(service.updateStream('s1', {}, 'u2')).rejects.toThrow(
      'Only the broadcaster can update the stream',
    );
    await expect(service.startStream('s1', 'u1')).rejects.toThrow('Stream is already live');
    await expect(service.cancelStream('s1', 'u1')).rejects.toThrow('Only scheduled streams can be cancelled');
    await expect(service.validateStreamKey('live_x')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('a session that was begun here is changed and left with its secret', async () => {
    const { client, requests } = server([200, { session: { id: 'v' }, secret: 'z' }], [200, {}], [200, {}]);
    const service = createLivestreamService({ client });
    expect(await service.joinStream('s1', 'session-1', 'u1')).toEqual({ id: 'v' });
    await service.updateViewerQuality('s1', 'session-1', '720p');
    await service.leaveStream('s1', 'session-1');
    expect(requests).toEqual([
      'POST /api/streams/s1/viewers {"sessionId":"session-1"}',
      'PATCH /api/streams/s1/viewers/session-1 {"selectedQuality":"720p","secret":"z"}',
      'DELETE /api/streams/s1/viewers/session-1 {"secret":"z"}',
    ]);
  });

  test('sources are switched by the broadcaster of a live stream, where this page broadcasts it', async () => {
    const switched: unknown[] = [];
    const desk = {
      switchSource: async (...call: unknown[]) => void switched.push(call),
      configure: async (...call: unknown[]) => void switched.push(call),
    };
    const { client } = server(
      [200, stream],
      [200, stream],
      [200, { ...stream, status: 'ended' }],
      [200, stream],
    );
    const service = createLivestreamService({ client, desk });
    await service.switchSource('s1', 'u1', { type: 'screen' });
    expect(switched).toEqual([['s1', { type: 'screen' }]]);
    await expect(service.switchSource('s1', 'u2', { type: 'screen' })).rejects.toMatchObject({
      code: 'STREAM_UNAUTHORIZED',
    });
    await expect(service.switchSource('s1', 'u1', { type: 'screen' })).rejects.toMatchObject({
      code: 'STREAM_NOT_LIVE',
    });
    const without = createLivestreamService({ client });
    await expect(without.switchSource('s1', 'u1', { type: 'screen' })).rejects.toMatchObject({
      code: 'STREAM_NOT_PREPARED',
    });
  });
});
