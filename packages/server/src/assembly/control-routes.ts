import type { ApiRoutes } from '../api/route-handler.ts';
import { channelRoutesOf } from '../control/channels/routes.ts';
import { addChatRoutes } from '../control/chat/chat-routes.ts';
import { followRoutesOf } from '../control/follows/routes.ts';
import { addModerationRoutes } from '../control/moderation/moderation-routes.ts';
import { notificationRoutesOf } from '../control/notifications/routes.ts';
import { questionRoutesOf } from '../control/questions/routes.ts';
import { reactionRoutesOf } from '../control/reactions/routes.ts';
import { streamRoutes } from '../control/streams/routes.ts';
import { subscriptionRoutesOf } from '../control/subscriptions/routes.ts';
import { analyticsRoutesOf } from '../control/telemetry/routes.ts';
import { viewerRoutesOf } from '../control/viewers/routes.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../platform/clock.ts';
import type { ControlServices } from './control-services.ts';

/** Puts every route of the control plane into the API. */
export function addControlRoutes(
  api: ApiRoutes,
  services: ControlServices,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
): void {
  const { streams, thumbnails, schedule, chat, curation, moderation, viewers } = services;
  services.accounts.register(api);
  streamRoutes(api, { service: streams, thumbnails, schedule });
  addChatRoutes(api, { chat, curation });
  addModerationRoutes(api, { moderation, chat, curation });
  viewerRoutesOf(api, { viewers, database, clock });
  analyticsRoutesOf(api, services);
  channelRoutesOf(api, services);
  followRoutesOf(api, services);
  subscriptionRoutesOf(api, services);
  notificationRoutesOf(api, services);
  reactionRoutesOf(api, services);
  questionRoutesOf(api, services);
}
