import type { Route } from '@tallylight/protocol/route.ts';
import { chatRoutes } from '@tallylight/protocol/routes/chat.ts';
import { moderationRoutes } from '@tallylight/protocol/routes/moderation.ts';
import { expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import type { ApiHandler, ApiRoutes } from '../../api/route-handler.ts';
import { addModerationRoutes } from '../moderation/moderation-routes.ts';
import { addChatRoutes } from './chat-routes.ts';

/** Routes as they were added, and a way to call one past the server. */
class FakeRoutes implements ApiRoutes {
  readonly handlers = new Map<string, ApiHandler<Route>>();

  on<const R extends Route>(route: R, handler: ApiHandler<R>): void {
    const name = `${route.method} ${route.path}`;
    if (this.handlers.has(name)) throw new TypeError(`${name} is taken`);
    this.handlers.set(name, handler);
  }

  call(name: string, request: object): Promise<unknown> | undefined {
    const handler = this.handlers.get(name);
    return handler?.({ actor: NOBODY, address: '::1', userAgent: undefined, ...request } as never);
  }
}

/** An object each of whose methods notes its name and arguments. */
function recorder(calls: unknown[][], answer: unknown): never {
  return new Proxy(
    {},
    {
      get:
        (_, name) =>
        (_actor: unknown, ...args: unknown[]) => (calls.push([name, ...args]), Promise.resolve(answer)),
    },
  ) as never;
}

function setUp(answer: unknown = {}) {
  const api = new FakeRoutes();
  const calls: unknown[][] = [];
  const part = recorder(calls, answer);
  addChatRoutes(api, { chat: part, curation: part });
  addModerationRoutes(api, { moderation: part, chat: part, curation: part });
  return { api, calls };
}

test('every route of chat and moderation is served', () => {
  const { api } = setUp();
  const routes = [...Object.values(chatRoutes), ...Object.values(moderationRoutes)];
  expect([...api.handlers.keys()].toSorted()).toEqual(
    routes.map(({ method, path }) => `${method} ${path}`).toSorted(),
  );
});

test('the text of a message is content or message, under both paths', async () => {
  const { api, calls } = setUp();
  const params = { id: 's' };
  await api.call('POST /api/streams/:id/chat', { params, body: { content: 'a', message: 'b' } });
  await api.call('POST /api/streams/:id/messages', { params, body: { message: 'b', clientId: 'c' } });
  expect(calls).toEqual([
    ['send', { streamId: 's', content: 'a', clientId: undefined }],
    ['send', { streamId: 's', content: 'b', clientId: 'c' }],
  ]);
});

test('the list is the bare array; where the chat is stands in headers', async () => {
  const { api } = setUp({ messages: [], epoch: 'e', lastSeq: 7 });
  const reply = await api.call('GET /api/streams/:id/chat', { params: { id: 's' }, query: { limit: 1 } });
  expect(reply).toMatchObject({ body: [], headers: { 'x-chat-epoch': 'e', 'x-chat-last-seq': '7' } });
});

test.each([
  [
    { action: 'ban', userId: 'u', scope: 'stream' },
    ['banUser', 's', expect.objectContaining({ userId: 'u' })],
  ],
  [{ action: 'unban', userId: 'u' }, ['unbanUser', 's', 'u']],
  [
    { action: 'timeout', userId: 'u', durationSeconds: 5 },
    ['timeoutUser', 's', expect.objectContaining({ durationSeconds: 5 })],
  ],
  [{ action: 'untimeout', userId: 'u' }, ['removeTimeout', 's', 'u']],
  [{ action: 'delete_message', messageId: 'm' }, ['delete', 's', 'm', undefined]],
  [{ action: 'warn', userId: 'u', reason: 'r' }, ['warnUser', 's', 'u', 'r']],
])('POST …/moderate does %o', async (body, expected) => {
  const { api, calls } = setUp();
  const answer = await api.call('POST /api/streams/:id/moderate', { params: { id: 's' }, body });
  expect(answer).toEqual({ success: true });
  expect(calls).toEqual([expected]);
});

test('limits of requests: the edge passes, one more is refused', () => {
  const userId = '0192f0c1-0000-7000-8000-000000000001';
  const { list, send } = chatRoutes;
  const { ban, timeout, changeChatSettings, configureAutoMod } = moderationRoutes;
  const edges: [Route['body'], object, object][] = [
    [list.query, { limit: '200' }, { limit: '201' }],
    [list.query, { limit: '1' }, { limit: '0' }],
    [list.query, { offset: '10000' }, { offset: '10001' }],
    [send.body, { clientId: 'c'.repeat(64) }, { clientId: 'c'.repeat(65) }],
    [send.body, { content: 'c'.repeat(16_000) }, { content: 'c'.repeat(16_001) }],
    [ban.body, { userId, durationMinutes: 525_600 }, { userId, durationMinutes: 525_601 }],
    [ban.body, { userId, reason: 'r'.repeat(500) }, { userId, reason: 'r'.repeat(501) }],
    [timeout.body, { userId, durationSeconds: 1_209_600 }, { userId, durationSeconds: 1_209_601 }],
    [timeout.body, { userId, durationSeconds: 1 }, { userId, durationSeconds: 0 }],
    [changeChatSettings.body, { slowModeSeconds: 120 }, { slowModeSeconds: 121 }],
    [configureAutoMod.body, { blockedWords: Array(200).fill('w') }, { blockedWords: Array(201).fill('w') }],
    [configureAutoMod.body, { blockedWords: ['w'.repeat(64)] }, { blockedWords: ['w'.repeat(65)] }],
    [configureAutoMod.body, { allowedLinks: Array(100).fill('w') }, { allowedLinks: Array(101).fill('w') }],
    [configureAutoMod.body, { capsLimit: 100, emoteLimit: 500 }, { capsLimit: 101 }],
    [configureAutoMod.body, { minAccountAge: 525_600 }, { minAccountAge: 525_601 }],
  ];
  for (const [schema, passes, fails] of edges) {
    expect(schema?.safeParse(passes).success, JSON.stringify(passes).slice(0, 80)).toBe(true);
    expect(schema?.safeParse(fails).success, JSON.stringify(fails).slice(0, 80)).toBe(false);
  }
});
