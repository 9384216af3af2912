import type { accountRoutes } from '@tallylight/protocol/routes/accounts.ts';
import type { analyticsRoutes } from '@tallylight/protocol/routes/analytics.ts';
import type {
  followRoutes,
  notificationRoutes,
  subscriptionRoutes,
} from '@tallylight/protocol/routes/audience.ts';
import type { channelRoutes } from '@tallylight/protocol/routes/channels.ts';
import type { chatRoutes } from '@tallylight/protocol/routes/chat.ts';
import type { moderationRoutes } from '@tallylight/protocol/routes/moderation.ts';
import type { questionRoutes } from '@tallylight/protocol/routes/questions.ts';
import type { reactionRoutes } from '@tallylight/protocol/routes/reactions.ts';
import type { streamRoutes } from '@tallylight/protocol/routes/streams.ts';
import type { viewerRoutes } from '@tallylight/protocol/routes/viewers.ts';

type In<Group> = Group[keyof Group];

type AnyRoute =
  | In<typeof accountRoutes>
  | In<typeof analyticsRoutes>
  | In<typeof followRoutes>
  | In<typeof notificationRoutes>
  | In<typeof subscriptionRoutes>
  | In<typeof channelRoutes>
  | In<typeof chatRoutes>
  | In<typeof moderationRoutes>
  | In<typeof questionRoutes>
  | In<typeof reactionRoutes>
  | In<typeof streamRoutes>
  | In<typeof viewerRoutes>;

/**
 * Every route of the API by its method and path, such as `GET /api/streams/:id`. Types alone: a call needs no more than the text at run
 * time, so that no schema comes into a page.
 */
export type ApiRouteTable = {
  readonly [R in AnyRoute as `${R['method']} ${R['path']}`]: R;
};

/** Name of a route of {@link ApiRouteTable}. */
export type ApiRouteName = keyof ApiRouteTable;
