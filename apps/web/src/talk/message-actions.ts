import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { ChatStore } from '@tallylight/client/realtime/chat-store.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import type { Bars } from './bars.ts';
import type { MenuAction } from './message-menu.ts';

/** Time-outs that are offered, in seconds. */
const TIMEOUTS: readonly (readonly [words: string, seconds: number])[] = [
  ['1 min', 60],
  ['10 min', 600],
  ['1 h', 3600],
];

/** What actions need. */
export interface ActionOptions {
  readonly api: ApiClient;
  readonly streamId: string;
  readonly store: ChatStore;
  /** The writer's own id; undefined for who did not sign in. */
  readonly selfId: string | undefined;
  /** Undefined for who is no moderator. */
  readonly bars: Bars | undefined;
}

/** What the reader of a message may try about it; whether they may is the server's to say. Empty: nothing. */
export function messageActions(message: StreamChatMessage, options: ActionOptions): readonly MenuAction[] {
  const { store, selfId, bars } = options;
  const { id, isPinned, userId } = message;
  const isOwn = userId === selfId;
  const remove: MenuAction = { text: 'Delete', act: () => store.delete(id) };
  if (bars === undefined) {
    return isOwn ? [remove] : [];
  }
  const pin: MenuAction = isPinned
    ? { text: 'Unpin', act: () => store.unpin(id) }
    : { text: 'Pin', act: () => store.pin(id) };
  return isOwn ? [remove, pin] : [remove, pin, ...aboutAuthor(userId, { ...options, bars })];
}

function aboutAuthor(
  userId: string,
  { api, streamId, bars }: ActionOptions & { readonly bars: Bars },
): readonly MenuAction[] {
  const params = { id: streamId };
  const lift: MenuAction[] = bars.holds('timeout', userId)
    ? [{ text: 'Lift time-out', act: () => liftBar(api, streamId, 'timeout', userId) }]
    : [];
  const timeouts = TIMEOUTS.map(([words, durationSeconds]) => ({
    text: `Time out ${words}`,
    act: () => api.call('POST /api/streams/:id/timeouts', { params, body: { userId, durationSeconds } }),
  }));
  const ban: MenuAction = bars.holds('ban', userId)
    ? { text: 'Unban', act: () => liftBar(api, streamId, 'ban', userId) }
    : { text: 'Ban', act: () => api.call('POST /api/streams/:id/bans', { params, body: { userId } }) };
  return [...lift, ...timeouts, ban];
}

/** Lets somebody write again. */
export function liftBar(
  api: ApiClient,
  streamId: string,
  kind: 'ban' | 'timeout',
  userId: string,
): Promise<unknown> {
  const params = { id: streamId, userId };
  return kind === 'ban'
    ? api.call('DELETE /api/streams/:id/bans/:userId', { params })
    : api.call('DELETE /api/streams/:id/timeouts/:userId', { params });
}
