import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { analyticsRoutes } from './analytics.ts';
import { followRoutes, notificationRoutes, subscriptionRoutes } from './audience.ts';
import { channelRoutes } from './channels.ts';
import { chatRoutes } from './chat.ts';
import { moderationRoutes } from './moderation.ts';
import { questionRoutes } from './questions.ts';
import { reactionRoutes } from './reactions.ts';
import { referenceRoutes } from './reference.ts';
import { streamRoutes } from './streams.ts';
import { viewerRoutes } from './viewers.ts';

/** Every route of the API: the server has exactly these. */
export const ALL_ROUTES: readonly Route[] = [
  accountRoutes,
  analyticsRoutes,
  followRoutes,
  subscriptionRoutes,
  notificationRoutes,
  channelRoutes,
  chatRoutes,
  moderationRoutes,
  questionRoutes,
  reactionRoutes,
  referenceRoutes,
  streamRoutes,
  viewerRoutes,
].flatMap((routes) => Object.values<Route>(routes));
