import { z } from 'zod';
import { lenientText, streamParams, success, uuid } from '../entities/basics.ts';
import { chatMessage } from '../entities/talk.ts';
import { defineRoute } from '../route.ts';

/** Longest message of a chat, in Unicode code points. */
export const MAX_CHAT_MESSAGE = 500;

/** The sender's own id of a message: printable ASCII. */
export const clientId = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'clientId must be 1 to 64 printable ASCII characters');

const messageParams = streamParams.extend({ messageId: uuid });

/** What is wrong with a message's text is said by the service: the texts are nchat's. The bound is only one of size. */
const text = lenientText(16_000);

const sendBody = z.object({
  content: text.optional(),
  /** nchat's page sends the text under this name. */
  message: text.optional(),
  /** With it, sending again after a lost answer does not say it twice. */
  clientId: clientId.optional(),
});

const send = {
  method: 'POST',
  tag: 'chat',
  access: 'user',
  params: streamParams,
  body: sendBody,
  response: chatMessage,
  bothSpellings: true,
  errors: [
    'INVALID_REQUEST',
    'STREAM_NOT_LIVE',
    'STREAM_NOT_FOUND',
    'CHAT_DISABLED',
    'FOLLOWERS_ONLY',
    'SUBSCRIBERS_ONLY',
    'VIEWER_BANNED',
    'VIEWER_TIMED_OUT',
    'MESSAGE_REJECTED',
    'SLOW_MODE',
    'RATE_LIMITED',
    'UNAVAILABLE',
  ],
} as const;

/** Routes of a stream's chat. */
export const chatRoutes = {
  list: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/chat',
    operation: 'listChatMessages',
    summary:
      'The chat, oldest first: the newest page, or what lies before or after a sequence number. X-Chat-Epoch and X-Chat-Last-Seq say where the chat is.',
    tag: 'chat',
    access: 'public',
    params: streamParams,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(100),
      /** Newest messages to skip. Further back leads `beforeSeq`. */
      offset: z.coerce.number().int().min(0).max(10_000).default(0),
      beforeSeq: z.coerce.number().int().min(1).optional(),
      afterSeq: z.coerce.number().int().min(0).optional(),
    }),
    response: z.array(chatMessage),
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND'],
  }),
  send: defineRoute({
    ...send,
    path: '/api/streams/:id/chat',
    operation: 'sendChatMessage',
    summary: 'Says something in the chat. Answered once it is stored.',
  }),
  sendAlias: defineRoute({
    ...send,
    path: '/api/streams/:id/messages',
    operation: 'sendStreamMessage',
    summary: 'The same as POST …/chat.',
  }),
  pinned: defineRoute({
    method: 'GET',
    path: '/api/streams/:id/chat/pinned',
    operation: 'listPinnedChatMessages',
    summary: 'The pinned messages, the newest pin first.',
    tag: 'chat',
    access: 'public',
    params: streamParams,
    response: z.array(chatMessage),
    bothSpellings: true,
    errors: ['STREAM_NOT_FOUND'],
  }),
  delete: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/chat/:messageId',
    operation: 'deleteChatMessage',
    summary: 'Deletes a message, for its author and for moderators. Again: the same answer.',
    tag: 'chat',
    access: 'user',
    params: messageParams,
    response: success,
    errors: ['NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
  pin: defineRoute({
    method: 'POST',
    path: '/api/streams/:id/chat/:messageId/pin',
    operation: 'pinChatMessage',
    summary: 'Pins a message, for moderators.',
    tag: 'chat',
    access: 'user',
    params: messageParams,
    response: success,
    errors: ['NOT_FOUND', 'STREAM_UNAUTHORIZED', 'CONFLICT'],
  }),
  unpin: defineRoute({
    method: 'DELETE',
    path: '/api/streams/:id/chat/:messageId/pin',
    operation: 'unpinChatMessage',
    summary: 'Takes a pin off, for moderators.',
    tag: 'chat',
    access: 'user',
    params: messageParams,
    response: success,
    errors: ['NOT_FOUND', 'STREAM_UNAUTHORIZED'],
  }),
};
