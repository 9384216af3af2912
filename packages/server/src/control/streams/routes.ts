import { streamRoutes as routes } from '@tallylight/protocol/routes/streams.ts';
import { ApiReply, type ApiRoutes } from '../../api/route-handler.ts';
import type { StreamSchedule } from './schedule/stream-schedule.ts';
import type { StreamPage, StreamService } from './service.ts';
import type { StreamThumbnails } from './thumbnails/stream-thumbnails.ts';

/** What answers the routes of streams. */
export interface StreamRoutesDeps {
  readonly service: StreamService;
  readonly thumbnails: StreamThumbnails;
  readonly schedule: StreamSchedule;
}

/** Secrets are kept by nobody on their way. */
const UNKEPT = { 'Cache-Control': 'no-store' };

/** Puts the routes of streams into the API. */
export function streamRoutes(api: ApiRoutes, { service, thumbnails, schedule }: StreamRoutesDeps): void {
  api.on(routes.create, ({ actor, body, createdId }) => service.create(actor, body, createdId));
  api.on(routes.createAtRoot, ({ actor, body, createdId }) => service.create(actor, body, createdId));
  api.on(routes.schedule, ({ actor, body, createdId }) => service.create(actor, body, createdId));
  api.on(routes.list, async ({ actor, query }) => pageReply(await service.list(actor, 'all', query)));
  api.on(routes.live, async ({ actor, query }) => pageReply(await service.list(actor, 'live', query)));
  api.on(routes.scheduled, async ({ actor, query }) =>
    pageReply(await service.list(actor, 'scheduled', query)),
  );
  api.on(routes.past, async ({ actor, query }) => pageReply(await service.list(actor, 'past', query)));
  api.on(routes.get, ({ actor, params }) => service.get(actor, params.id));
  api.on(routes.update, ({ actor, params, body }) => service.update(actor, params.id, body));
  api.on(routes.remove, async ({ actor, params }) => {
    await service.remove(actor, params.id);
    return { success: true as const };
  });
  api.on(routes.start, ({ actor, params }) => service.start(actor, params.id));
  api.on(routes.end, ({ actor, params }) => service.end(actor, params.id));
  api.on(routes.cancel, ({ actor, params }) => service.cancel(actor, params.id));
  api.on(routes.hls, async ({ actor, params }) => {
    return new ApiReply(await service.watchUrls(actor, params.id), { headers: UNKEPT });
  });
  api.on(routes.regenerateKey, async ({ actor, params, body }) => {
    const streamKey = await service.regenerateKey(actor, params.id, body.overlapSeconds);
    return new ApiReply({ streamKey }, { headers: UNKEPT });
  });
  api.on(routes.revokeKey, async ({ actor, params }) => {
    await service.revokeKey(actor, params.id);
    return { success: true as const };
  });
  api.on(routes.key, async ({ actor, params, address }) => {
    return new ApiReply(await service.revealKey(actor, params.id, address), { headers: UNKEPT });
  });
  api.on(routes.putThumbnail, ({ actor, params, body }) => thumbnails.put(actor, params.id, body));
  api.on(routes.thumbnail, (request) =>
    thumbnails.answer(request.actor, request.params.id, {
      version: request.query.v,
      knownEtag: request.header('if-none-match'),
    }),
  );
  api.on(routes.removeThumbnail, async ({ actor, params }) => {
    await thumbnails.remove(actor, params.id);
    return { success: true as const };
  });
  api.on(routes.eventCalendar, ({ actor, params }) => schedule.eventCalendar(actor, params.id));
  api.on(routes.channelCalendar, ({ params, query }) => schedule.channelCalendar(params.id, query.token));
  api.on(routes.channelCalendarUrl, ({ actor, params }) => schedule.channelCalendarUrl(actor, params.id));
  api.on(routes.renewChannelCalendarUrl, ({ actor, params }) =>
    schedule.renewChannelCalendarUrl(actor, params.id),
  );
}

/** A list, and whether there is more of it. */
function pageReply({ streams, hasMore }: StreamPage): ApiReply {
  return new ApiReply(streams, { headers: { 'X-Has-More': String(hasMore) } });
}
