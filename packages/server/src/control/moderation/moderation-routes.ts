import { type ModerateInput, moderationRoutes } from '@tallylight/protocol/routes/moderation.ts';
import type { Actor } from '../../api/actor.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { ChatCuration } from '../chat/chat-curation.ts';
import type { ChatService } from '../chat/chat-service.ts';
import type { ModerationService } from './moderation-service.ts';

const DONE = { success: true } as const;

interface Deps {
  readonly moderation: ModerationService;
  readonly chat: ChatService;
  readonly curation: ChatCuration;
}

/** Adds the routes of those who keep order. */
export function addModerationRoutes(api: ApiRoutes, deps: Deps): void {
  const { moderation, chat } = deps;
  api.on(moderationRoutes.listModerators, ({ actor, params }) => moderation.getModerators(actor, params.id));
  api.on(moderationRoutes.addModerator, ({ actor, params, body }) =>
    moderation.addModerator(actor, params.id, body.userId, body.permissions),
  );
  api.on(moderationRoutes.removeModerator, async ({ actor, params }) => {
    await moderation.removeModerator(actor, params.id, params.userId);
    return DONE;
  });
  api.on(moderationRoutes.listBans, ({ actor, params, query }) =>
    moderation.getBannedUsers(actor, params.id, query),
  );
  api.on(moderationRoutes.ban, ({ actor, params, body }) => moderation.banUser(actor, params.id, body));
  api.on(moderationRoutes.unban, async ({ actor, params }) => {
    await moderation.unbanUser(actor, params.id, params.userId);
    return DONE;
  });
  api.on(moderationRoutes.timeout, ({ actor, params, body }) =>
    moderation.timeoutUser(actor, params.id, body),
  );
  api.on(moderationRoutes.removeTimeout, async ({ actor, params }) => {
    await moderation.removeTimeout(actor, params.id, params.userId);
    return DONE;
  });
  api.on(moderationRoutes.chatSettings, ({ actor, params }) => moderation.getChatSettings(actor, params.id));
  api.on(moderationRoutes.changeChatSettings, ({ actor, params, body }) =>
    moderation.changeChatSettings(actor, params.id, body),
  );
  api.on(moderationRoutes.autoMod, ({ actor, params }) => moderation.getAutoModConfig(actor, params.id));
  api.on(moderationRoutes.configureAutoMod, ({ actor, params, body }) =>
    moderation.configureAutoMod(actor, params.id, body),
  );
  api.on(moderationRoutes.checkMessage, ({ actor, params, body }) =>
    chat.check(actor, params.id, body.content),
  );
  api.on(moderationRoutes.log, ({ actor, params, query }) =>
    moderation.getModerationLogs(actor, params.id, query),
  );
  api.on(moderationRoutes.moderate, async ({ actor, params, body }) => {
    await moderate(deps, actor, params.id, body);
    return DONE;
  });
}

async function moderate(
  { moderation, curation }: Deps,
  actor: Actor,
  streamId: string,
  input: ModerateInput,
): Promise<void> {
  switch (input.action) {
    case 'ban':
      await moderation.banUser(actor, streamId, input);
      return;
    case 'unban':
      return moderation.unbanUser(actor, streamId, input.userId);
    case 'timeout':
      await moderation.timeoutUser(actor, streamId, input);
      return;
    case 'untimeout':
      return moderation.removeTimeout(actor, streamId, input.userId);
    case 'delete_message':
      return curation.delete(actor, streamId, input.messageId, input.reason);
    case 'warn':
      return moderation.warnUser(actor, streamId, input.userId, input.reason);
  }
}
