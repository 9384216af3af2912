import { type ContractRoute, creating, type StreamState } from './contract-routes.ts';

/** A refusal of §4.1. `words`: how the text begins. */
export interface ContractRefusal {
  readonly route: string;
  readonly state: StreamState;
  readonly as: ContractRoute['as'];
  readonly body?: Readonly<Record<string, unknown>>;
  /** Columns of the stream that are other than usual. */
  readonly stream?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly status: number;
  readonly code: string;
  readonly words?: string;
}

const NONE = '0192f0c1-0000-7000-8000-00000000dead';

const unauthenticated = { status: 401, code: 'UNAUTHENTICATED', words: 'Unauthorized' } as const;
const absent = { status: 404, code: 'STREAM_NOT_FOUND', words: 'Stream not found' } as const;
const bodyOf = (method: 'PATCH' | 'DELETE'): Pick<ContractRefusal, 'body'> =>
  method === 'PATCH' ? { body: { title: 'x' } } : {};

/** What the contract says that is refused, with which status and words. */
export const CONTRACT_REFUSALS: readonly ContractRefusal[] = [
  {
    route: 'POST /api/streams/create',
    state: 'preparing',
    as: 'nobody',
    body: creating,
    status: 401,
    code: 'UNAUTHENTICATED',
    words: 'Unauthorized',
  },
  {
    route: 'POST /api/streams/create',
    state: 'preparing',
    as: 'owner',
    body: {},
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'channelId and title are required',
  },
  {
    route: 'POST /api/streams/create',
    state: 'preparing',
    as: 'viewer',
    body: creating,
    status: 403,
    code: 'STREAM_UNAUTHORIZED',
    words: 'Not a member of this channel',
  },
  {
    route: 'GET /api/streams/:id',
    state: 'live',
    as: 'nobody',
    id: NONE,
    status: 404,
    code: 'STREAM_NOT_FOUND',
    words: 'Stream not found',
  },
  {
    route: 'PATCH /api/streams/:id',
    state: 'live',
    as: 'viewer',
    body: { title: 'x' },
    status: 403,
    code: 'STREAM_UNAUTHORIZED',
  },
  { route: 'DELETE /api/streams/:id', state: 'live', as: 'viewer', status: 403, code: 'STREAM_UNAUTHORIZED' },
  {
    route: 'POST /api/streams/:id/start',
    state: 'live',
    as: 'owner',
    status: 400,
    code: 'STREAM_ALREADY_LIVE',
    words: 'Stream is already live',
  },
  {
    route: 'POST /api/streams/:id/start',
    state: 'preparing',
    as: 'viewer',
    status: 403,
    code: 'STREAM_UNAUTHORIZED',
  },
  {
    route: 'POST /api/streams/:id/cancel',
    state: 'live',
    as: 'owner',
    status: 400,
    code: 'STREAM_NOT_SCHEDULED',
    words: 'Only scheduled streams can be cancelled',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'live',
    as: 'nobody',
    body: { content: 'x' },
    status: 401,
    code: 'UNAUTHENTICATED',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'live',
    as: 'viewer',
    body: { content: ' ' },
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Message cannot be empty',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'live',
    as: 'viewer',
    body: { content: 'x'.repeat(501) },
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Message too long (max 500 characters)',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'ended',
    as: 'viewer',
    body: { content: 'x' },
    status: 400,
    code: 'STREAM_NOT_LIVE',
    words: 'Stream is not live',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'live',
    as: 'viewer',
    stream: { enable_chat: false },
    body: { content: 'x' },
    status: 403,
    code: 'CHAT_DISABLED',
    words: 'Chat is disabled for',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'viewer',
    body: {},
    status: 400,
    code: 'INVALID_REQUEST',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'viewer',
    body: { reaction_type: 'x' },
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Invalid reaction type',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'ended',
    as: 'viewer',
    body: { emoji: '👍' },
    status: 400,
    code: 'STREAM_NOT_LIVE',
    words: 'Stream is not live',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'viewer',
    stream: { enable_reactions: false },
    body: { emoji: '👍' },
    status: 403,
    code: 'REACTIONS_DISABLED',
    words: 'Reactions are disabled for this stream',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'nobody',
    body: { emoji: '👍' },
    status: 401,
    code: 'UNAUTHENTICATED',
  },
  {
    route: 'GET /api/streams/:id/reactions',
    state: 'live',
    as: 'nobody',
    id: 'no-uuid',
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Invalid stream ID',
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'viewer',
    id: 'no-uuid',
    body: { emoji: '👍' },
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Invalid stream ID',
  },
  {
    route: 'GET /api/streams/:id/analytics',
    state: 'live',
    as: 'owner',
    id: 'no-uuid',
    status: 400,
    code: 'INVALID_REQUEST',
    words: 'Invalid stream ID',
  },
  ...(['PATCH', 'DELETE'] as const).flatMap((method): ContractRefusal[] => [
    {
      route: `${method} /api/streams/:id`,
      state: 'live',
      as: 'nobody',
      ...unauthenticated,
      ...bodyOf(method),
    },
    {
      route: `${method} /api/streams/:id`,
      state: 'live',
      as: 'owner',
      id: NONE,
      ...absent,
      ...bodyOf(method),
    },
  ]),
  ...(['start', 'end'] as const).flatMap((action): ContractRefusal[] => [
    { route: `POST /api/streams/:id/${action}`, state: 'live', as: 'nobody', ...unauthenticated },
    { route: `POST /api/streams/:id/${action}`, state: 'live', as: 'owner', id: NONE, ...absent },
  ]),
  {
    route: 'POST /api/streams/:id/end',
    state: 'live',
    as: 'viewer',
    status: 403,
    code: 'STREAM_UNAUTHORIZED',
  },
  {
    route: 'POST /api/streams/:id/chat',
    state: 'live',
    as: 'viewer',
    id: NONE,
    body: { content: 'x' },
    ...absent,
  },
  {
    route: 'POST /api/streams/:id/reactions',
    state: 'live',
    as: 'viewer',
    id: NONE,
    body: { emoji: '👍' },
    ...absent,
  },
  { route: 'GET /api/streams/:id/analytics', state: 'live', as: 'owner', id: NONE, ...absent },
  {
    route: 'GET /api/streams/:id/viewers',
    state: 'live',
    as: 'owner',
    id: NONE,
    ...absent,
  },
  {
    route: 'GET /api/streams/:id/analytics',
    state: 'live',
    as: 'nobody',
    status: 401,
    code: 'UNAUTHENTICATED',
  },
  {
    route: 'GET /api/streams/:id/analytics',
    state: 'live',
    as: 'viewer',
    status: 403,
    code: 'STREAM_UNAUTHORIZED',
  },
];
