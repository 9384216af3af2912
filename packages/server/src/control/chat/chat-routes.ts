import { chatRoutes } from '@tallylight/protocol/routes/chat.ts';
import { ApiReply, type ApiRoutes } from '../../api/route-handler.ts';
import type { ChatCuration } from './chat-curation.ts';
import type { ChatService } from './chat-service.ts';

const DONE = { success: true } as const;

/** Adds the routes of the chat. */
export function addChatRoutes(
  api: ApiRoutes,
  { chat, curation }: { readonly chat: ChatService; readonly curation: ChatCuration },
): void {
  api.on(chatRoutes.list, async ({ actor, params, query }) => {
    const { messages, epoch, lastSeq } = await chat.history(actor, params.id, query);
    // nchat's answer is the bare array: where the chat is stands in headers.
    return new ApiReply(messages, {
      headers: { 'x-chat-epoch': epoch, 'x-chat-last-seq': String(lastSeq), 'cache-control': 'no-store' },
    });
  });
  for (const route of [chatRoutes.send, chatRoutes.sendAlias]) {
    api.on(route, ({ actor, params, body }) =>
      chat.send(actor, {
        streamId: params.id,
        content: body.content ?? body.message,
        clientId: body.clientId,
      }),
    );
  }
  api.on(chatRoutes.pinned, async ({ actor, params }) => [...(await curation.pinned(actor, params.id))]);
  api.on(chatRoutes.delete, async ({ actor, params }) => {
    await curation.delete(actor, params.id, params.messageId);
    return DONE;
  });
  api.on(chatRoutes.pin, async ({ actor, params }) => {
    await curation.pin(actor, params.id, params.messageId);
    return DONE;
  });
  api.on(chatRoutes.unpin, async ({ actor, params }) => {
    await curation.unpin(actor, params.id, params.messageId);
    return DONE;
  });
}
