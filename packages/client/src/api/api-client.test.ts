import {
  SlowModeError,
  StreamError,
  StreamNotFoundError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import { expect, test } from 'vitest';
import { ApiClient, type ApiClientOptions } from './api-client.ts';
import { failedAnswerOf } from './api-error.ts';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function clientWith(
  answers: (Response | Error)[],
  options: ApiClientOptions = {},
): { client: ApiClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const fake = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    sent.push({ url: url instanceof Request ? url.url : `${url}`, init });
    const answer = answers.shift();
    if (answer === undefined) throw new Error('no answer was prepared');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: new ApiClient({ ...options, fetch: fake }), sent };
}

const json = (body: unknown, { status = 200, statusText = '', retryAfter = '' } = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    statusText,
    headers: {
      'Content-Type': 'application/json',
      ...(retryAfter === '' ? {} : { 'Retry-After': retryAfter }),
    },
  });

const id = '0192f0c1-0000-7000-8000-000000000001';

test('fills in the path, the query and the body', async () => {
  const { client, sent } = clientWith([json([]), json({})], { baseUrl: 'https://live.example' });
  await client.call('GET /api/streams/past', { query: { channelId: id, limit: 5, tag: undefined } });
  expect(sent[0]).toMatchObject({
    url: `https://live.example/api/streams/past?channelId=${id}&limit=5`,
    init: { method: 'GET', credentials: 'same-origin' },
  });
  await client.call('PATCH /api/streams/:id', { params: { id: 'a/b?c' }, body: { title: 'x' } });
  expect(sent[1]).toMatchObject({
    url: 'https://live.example/api/streams/a%2Fb%3Fc',
    init: { method: 'PATCH', body: '{"title":"x"}', headers: { 'Content-Type': 'application/json' } },
  });
});

test('sends a bearer token, an idempotency key and cookies as it is told', async () => {
  const { client, sent } = clientWith([json({}, { status: 201 })], {
    token: async () => 'secret',
    credentials: 'include',
  });
  await client.call('POST /api/channels', { body: { name: 'x' }, idempotencyKey: 'k' });
  expect(sent[0]?.init).toMatchObject({
    credentials: 'include',
    headers: { Authorization: 'Bearer secret', 'Idempotency-Key': 'k' },
  });
});

test.each([
  ['STREAM_NOT_FOUND', 404, StreamNotFoundError],
  ['VIEWER_BANNED', 403, ViewerBannedError],
  ['SLOW_MODE', 429, SlowModeError],
  ['QA_DISABLED', 403, StreamError],
])('%s is an error of its class, with the words of the server', async (code, status, type) => {
  const body = { error: 'words', code, message: 'words', details: { a: 1 } };
  const { client } = clientWith([json(body, { status, statusText: 'Text' })]);
  const error = await client
    .call('GET /api/streams/:id', { params: { id } })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(type);
  expect(error).toMatchObject({ code, statusCode: status, message: 'words' });
  expect(failedAnswerOf(error)).toMatchObject({ status, statusText: 'Text' });
});

test('an error of something before the API is one too', async () => {
  const { client } = clientWith([new Response('<html>', { status: 413, statusText: 'Too Large' })]);
  await expect(client.call('GET /api/streams')).rejects.toMatchObject({
    message: 'Too Large',
    code: 'INTERNAL',
  });
});

test('what may be repeated is tried again when the server is away, after the time that it asks for', async () => {
  const away = (): Response => json({ error: 'x', code: 'UNAVAILABLE' }, { status: 503, retryAfter: '0' });
  const { client, sent } = clientWith([away(), new TypeError('fetch failed'), json([])]);
  await client.call('GET /api/streams');
  expect(sent).toHaveLength(3);
  const create = clientWith([away(), json({})]);
  await create.client.call('POST /api/streams/create', {
    body: { channelId: id, title: 'x' },
    idempotencyKey: 'k',
  });
  expect(create.sent).toHaveLength(2);
});

test('what may not be repeated is not; neither is a server that asks for too long a wait, nor one that stays away', async () => {
  const away = (seconds = 0): Response =>
    json({ error: 'x', code: 'UNAVAILABLE' }, { status: 503, retryAfter: `${seconds}` });
  const post = clientWith([away()]);
  await expect(post.client.call('POST /api/streams/:id/start', { params: { id } })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    statusCode: 503,
  });
  const long = clientWith([away(6)]);
  await expect(long.client.call('GET /api/streams')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const gone = clientWith([new TypeError('fetch failed')], { retries: 0 });
  await expect(gone.client.call('GET /api/streams')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const limited = clientWith([json({ error: 'x', code: 'RATE_LIMITED' }, { status: 429 })]);
  await expect(limited.client.call('GET /api/streams')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect([post.sent, long.sent, gone.sent, limited.sent].map((sent) => sent.length)).toEqual([1, 1, 1, 1]);
});

test('an abort ends the wait for the next try', async () => {
  const abort = new AbortController();
  const { client } = clientWith([json({}, { status: 503, retryAfter: '5' })]);
  const call = client.call('GET /api/streams', { signal: abort.signal });
  setImmediate(() => abort.abort(new Error('enough')));
  await expect(call).rejects.toThrow('enough');
});
