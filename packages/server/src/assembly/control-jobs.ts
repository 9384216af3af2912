import { forgetViewerAddresses } from '../control/viewers/address-retention.ts';
import { DEFAULT_ADDRESS_RETENTION_HOURS } from '../control/viewers/viewers-limits.ts';
import type { Database } from '../db/database.ts';
import { Jobs } from '../jobs/jobs.ts';
import { keepMetricsPartitions } from '../jobs/metrics-partitions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlServices } from './control-services.ts';

/** Enters everything that is done at times of the clock, once for all servers of a database, and starts. */
export function startControlJobs(
  url: string,
  services: Pick<ControlServices, 'answers' | 'notifications'>,
  options: { readonly database: Database; readonly clock: Clock; readonly log: Logger },
): Jobs {
  const { answers, notifications } = services;
  const { database, clock, log } = options;
  const jobs = new Jobs({ url, log });
  jobs.every('* * * * *', 'due-reminders', async () => void (await notifications.dueReminders()));
  jobs.every('20 * * * *', 'prune-answers', async () => void (await answers.prune()));
  jobs.every(
    '40 * * * *',
    'forget-viewer-addresses',
    async () =>
      void (await forgetViewerAddresses({
        ...{ database, clock },
        retentionHours: DEFAULT_ADDRESS_RETENTION_HOURS,
      })),
  );
  jobs.every('10 3 * * *', 'metrics-partitions', () => keepMetricsPartitions({ database, clock, log }));
  jobs.every('30 3 * * *', 'forget-notifications', async () => void (await notifications.forgetOld()));
  jobs.start();
  return jobs;
}
