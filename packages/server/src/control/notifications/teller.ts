import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEventMap, ControlEvents } from '../control-events.ts';
import { mailFor, type NotificationKind, type NotificationMailer, sendAll } from './notification-mail.ts';
import type { NotificationLimits } from './notifications-limits.ts';
import {
  channelName,
  type DueReminder,
  deleteNotificationsBefore,
  followersAfter,
  insertDefaultReminders,
  insertNotifications,
  renewReminders,
  type StreamToTell,
  takeDueReminders,
} from './repository.ts';

/** What telling people needs. */
export interface TellerOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: NotificationLimits;
  /** Absent: nothing is mailed. */
  readonly mailer?: NotificationMailer | undefined;
  /** Where a stream can be watched; for mails. */
  readonly watchUrl?: ((streamId: string) => string) | undefined;
}

/** Before every id. */
const FIRST = '00000000-0000-0000-0000-000000000000';
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Tells followers of streams that went live or were scheduled, and reminds. All of it is the server's own work. */
export class Teller {
  readonly #options: TellerOptions;
  readonly #working = new Set<Promise<void>>();

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** Begins to listen; returns the way to stop. */
  listen(): () => void {
    const { events } = this.#options;
    const onLive = ({ stream }: ControlEventMap['stream-live'][0]): void =>
      this.#work(() => this.tellFollowers(stream, 'live'));
    const onCreated = ({ stream }: ControlEventMap['stream-created'][0]): void => {
      if (isScheduled(stream)) this.#work(() => this.#tellSchedule(stream));
    };
    const onUpdated = ({ streamId, changes }: ControlEventMap['stream-updated'][0]): void => {
      if (changes.scheduledAt !== undefined) this.#work(() => this.#tellNewDate(streamId));
    };
    events.on('stream-live', onLive).on('stream-created', onCreated).on('stream-updated', onUpdated);
    return () =>
      void events
        .off('stream-live', onLive)
        .off('stream-created', onCreated)
        .off('stream-updated', onUpdated);
  }

  /** Resolves when everything that events began is done. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  /** Tells who follows the channel or the broadcaster, each once, as many at a time as a transaction should hold. */
  async tellFollowers(stream: StreamToTell, kind: 'live' | 'scheduled'): Promise<void> {
    const { database, events, clock, limits } = this.#options;
    const mailed: string[] = [];
    for (let after = FIRST; ; ) {
      const { followers, fresh } = await database.asService(async (tx) => {
        const followers = await followersAfter(tx, stream, kind, { after, limit: limits.batch });
        const told = followers.filter(({ isTold }) => isTold).map(({ userId }) => userId);
        const fresh = await insertNotifications(tx, stream.id, kind, told, new Date(clock.now()));
        return { followers, fresh };
      });
      for (const { userId, byMail } of followers) {
        if (!fresh.has(userId)) continue;
        events.emit('notification', { userId, streamId: stream.id, kind });
        if (byMail) mailed.push(userId);
      }
      const last = followers.at(-1);
      if (last === undefined) break;
      after = last.userId;
    }
    if (mailed.length === 0) return;
    const name = (await database.asService((tx) => channelName(tx, stream.channelId))) ?? '';
    await this.#mail(
      kind,
      mailed.map((userId) => ({ stream, channelName: name, userId })),
    );
  }

  /** Sends every reminder that is due, each exactly once even if two servers ask at the same time; answers with how many. */
  async dueReminders(): Promise<number> {
    const { database, events, clock, limits } = this.#options;
    const now = new Date(clock.now());
    const notBefore = new Date(now.getTime() - limits.latestMinutes * MINUTE_MS);
    for (let sent = 0; ; ) {
      const { taken, due } = await database.asService((tx) =>
        takeDueReminders(tx, { now, notBefore, limit: limits.batch }),
      );
      if (taken === 0) return sent;
      sent += due.length;
      for (const { userId, stream } of due)
        events.emit('notification', { userId, streamId: stream.id, kind: 'reminder' });
      await this.#mail(
        'reminder',
        due.filter(({ byMail }) => byMail),
      );
    }
  }

  /** Forgets what people were told long ago; answers with how many there were. */
  forgetOld(): Promise<number> {
    const { database, clock, limits } = this.#options;
    const before = new Date(clock.now() - limits.keepDays * DAY_MS);
    return database.asService((tx) => deleteNotificationsBefore(tx, before));
  }

  async #tellSchedule(stream: StreamToTell): Promise<void> {
    await this.#options.database.asService((tx) => insertDefaultReminders(tx, stream));
    await this.tellFollowers(stream, 'scheduled');
  }

  async #tellNewDate(streamId: string): Promise<void> {
    const { database, clock } = this.#options;
    const stream = await database.asService(async (tx) => {
      await renewReminders(tx, streamId, new Date(clock.now()));
      return tx
        .selectFrom('nchat_streams')
        .select(['id', 'channel_id', 'broadcaster_id', 'title', 'scheduled_at'])
        .where('id', '=', streamId)
        .where('status', '=', 'scheduled')
        .executeTakeFirst();
    });
    if (stream === undefined || stream.scheduled_at === null) return;
    await this.#tellSchedule({
      id: stream.id,
      channelId: stream.channel_id,
      broadcasterId: stream.broadcaster_id,
      title: stream.title,
      scheduledAt: stream.scheduled_at.toISOString(),
    });
  }

  async #mail(kind: NotificationKind, to: readonly Omit<DueReminder, 'byMail'>[]): Promise<void> {
    const { mailer, watchUrl, limits, log } = this.#options;
    if (mailer === undefined) return;
    const mails = to.map(({ userId, stream, channelName: name }) =>
      mailFor(userId, kind, {
        title: stream.title,
        channelName: name,
        scheduledAt: stream.scheduledAt,
        url: watchUrl?.(stream.id),
      }),
    );
    await sendAll(mailer, mails, { atOnce: limits.mailsAtOnce, log });
  }

  /** Nobody waits for it: what fails is logged. */
  #work(task: () => Promise<void>): void {
    const done = task().catch((error: unknown) => {
      this.#options.log.error({ error }, 'followers could not be told');
    });
    this.#working.add(done);
    void done.finally(() => this.#working.delete(done));
  }
}

function isScheduled(stream: Stream): boolean {
  return stream.status === 'scheduled' && stream.scheduledAt !== undefined;
}
