import { notificationRoutes } from '@tallylight/protocol/routes/audience.ts';
import type { ApiRoutes } from '../../api/route-handler.ts';
import type { NotificationService } from './service.ts';

/** Puts the routes of notifications and reminders where the API finds them. */
export function notificationRoutesOf(
  api: ApiRoutes,
  deps: { readonly notifications: NotificationService },
): void {
  const { notifications } = deps;
  api.on(notificationRoutes.settings, ({ actor, params }) => notifications.settings(actor, params.id));
  api.on(notificationRoutes.putSettings, ({ actor, params, body }) =>
    notifications.changeSettings(actor, params.id, body),
  );
  api.on(notificationRoutes.putReminder, ({ actor, params, body }) =>
    notifications.remind(actor, params.id, body.minutesBefore),
  );
  api.on(notificationRoutes.deleteReminder, async ({ actor, params }) => {
    await notifications.forgetReminder(actor, params.id);
    return { success: true as const };
  });
  api.on(notificationRoutes.list, ({ actor, query }) => notifications.list(actor, query));
  api.on(notificationRoutes.read, async ({ actor, body }) => {
    await notifications.read(actor, body.ids);
    return { success: true as const };
  });
}
