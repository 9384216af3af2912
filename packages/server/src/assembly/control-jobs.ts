import { forgetViewerAddresses } from '../control/viewers/address-retention.ts';
import type { Database } from '../db/database.ts';
import { Jobs } from '../jobs/jobs.ts';
import { keepMetricsPartitions } from '../jobs/metrics-partitions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlServices } from './control-services.ts';

/** How long what one need not keep is kept. */
export interface Retention {
  /** Of viewers' addresses after a stream's end, in hours. */
  readonly addressHours: number;
  /** Of quality metrics, in days; whole months go at once. */
  readonly metricsDays: number;
}

/** Enters everything that is done at times of the clock, once for all servers of a database, and starts. */
export function startControlJobs(
  url: string,
  services: Pick<ControlServices, 'accounts' | 'answers' | 'notifications'>,
  options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly log: Logger;
    readonly retention: Retention;
  },
): Jobs {
  const { accounts, answers, notifications } = services;
  const { database, clock, log, retention } = options;
  const jobs = new Jobs({ url, log });
  jobs.every('* * * * *', 'due-reminders', async () => void (await notifications.dueReminders()));
  // What a server that died has left; a living one tells at once.
  jobs.every('* * * * *', 'tell-followers', () => notifications.tellLeft());
  jobs.every('20 * * * *', 'prune-answers', async () => void (await answers.prune()));
  jobs.every(
    '40 * * * *',
    'forget-viewer-addresses',
    async () =>
      void (await forgetViewerAddresses({
        ...{ database, clock },
        retentionHours: retention.addressHours,
      })),
  );
  jobs.every('10 3 * * *', 'metrics-partitions', () =>
    keepMetricsPartitions({ database, clock, log, retentionDays: retention.metricsDays }),
  );
  jobs.every('30 3 * * *', 'forget-notifications', async () => void (await notifications.forgetOld()));
  jobs.every('50 3 * * *', 'remove-idle-guests', async () => {
    const guests = await accounts.removeIdleGuests();
    if (guests > 0) log.info({ guests }, 'removed guests who were not seen for long');
  });
  jobs.start();
  return jobs;
}
