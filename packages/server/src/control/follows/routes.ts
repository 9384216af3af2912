import { followRoutes } from '@tallylight/protocol/routes/audience.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { FollowService } from './service.ts';

/** Puts the routes of follows where the API finds them. */
export function followRoutesOf(api: ApiRoutes, deps: { readonly follows: FollowService }): void {
  const { follows } = deps;
  api.on(followRoutes.followUser, ({ actor, params }) => follows.follow(actor, { userId: params.id }));
  api.on(followRoutes.unfollowUser, ({ actor, params }) => follows.unfollow(actor, { userId: params.id }));
  api.on(followRoutes.userFollow, ({ actor, params }) => follows.state(actor, { userId: params.id }));
  api.on(followRoutes.followChannel, ({ actor, params }) => follows.follow(actor, { channelId: params.id }));
  api.on(followRoutes.unfollowChannel, ({ actor, params }) =>
    follows.unfollow(actor, { channelId: params.id }),
  );
  api.on(followRoutes.channelFollow, ({ actor, params }) => follows.state(actor, { channelId: params.id }));
  api.on(followRoutes.following, ({ actor, query }) => follows.following(actor, query));
  api.on(followRoutes.followers, ({ actor, params, query }) => follows.followers(actor, params.id, query));
}
