import { channelRoutes } from '@tallylight/protocol/routes/channels.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { ChannelService } from './service.ts';

/** Puts the routes of channels and their members where the API finds them. */
export function channelRoutesOf(api: ApiRoutes, deps: { readonly channels: ChannelService }): void {
  const { channels } = deps;
  const { members } = channels;
  api.on(channelRoutes.create, ({ actor, body, createdId }) => channels.create(actor, body, createdId));
  api.on(channelRoutes.list, ({ actor, query }) => channels.list(actor, query));
  api.on(channelRoutes.get, ({ actor, params }) => channels.get(actor, params.id));
  api.on(channelRoutes.update, ({ actor, params, body }) => channels.update(actor, params.id, body));
  api.on(channelRoutes.remove, async ({ actor, params }) => {
    await channels.remove(actor, params.id);
    return { success: true as const };
  });
  api.on(channelRoutes.members, ({ actor, params, query }) => members.list(actor, params.id, query));
  api.on(channelRoutes.invite, ({ actor, params, body }) => members.put(actor, params.id, body, body.role));
  api.on(channelRoutes.setRole, ({ actor, params, body }) =>
    members.put(actor, params.id, { userId: params.userId }, body.role),
  );
  api.on(channelRoutes.removeMember, async ({ actor, params }) => {
    await members.remove(actor, params.id, params.userId);
    return { success: true as const };
  });
}
