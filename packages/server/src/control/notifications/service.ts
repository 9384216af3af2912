import type {
  LiveNotification,
  NotificationSettings,
  Reminder,
} from '@tallylight/protocol/entities/audience.ts';
import { liveError, StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import type { NotificationMailer } from './notification-mail.ts';
import { DEFAULT_NOTIFICATION_LIMITS, type NotificationLimits } from './notifications-limits.ts';
import {
  countWaiting,
  deleteReminder,
  findSchedule,
  findSettings,
  listNotifications,
  markRead,
  putReminder,
  putSettings,
} from './repository.ts';
import { Teller } from './teller.ts';

/** What notifications need. */
export interface NotificationServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: nothing is mailed. */
  readonly mailer?: NotificationMailer | undefined;
  /** Where a stream can be watched; for mails. */
  readonly watchUrl?: ((streamId: string) => string) | undefined;
  /** Default {@link DEFAULT_NOTIFICATION_LIMITS}. */
  readonly limits?: Partial<NotificationLimits>;
}

/** Changes of settings: what is absent stays, `null` clears. */
export interface SettingsChange {
  readonly onLive?: boolean | undefined;
  readonly onScheduled?: boolean | undefined;
  readonly byMail?: boolean | undefined;
  readonly reminderMinutes?: number | null | undefined;
}

/** What people want to hear of streams, and what they were told. */
export class NotificationService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #limits: NotificationLimits;
  readonly #teller: Teller;
  #unlisten: (() => void) | undefined;

  constructor(options: NotificationServiceOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#limits = { ...DEFAULT_NOTIFICATION_LIMITS, ...options.limits };
    this.#teller = new Teller({ ...options, limits: this.#limits });
  }

  /** Begins to tell followers of streams that go live or are scheduled, first of those that a server before this one did not get to. */
  start(): void {
    this.#unlisten ??= this.#teller.listen();
  }

  /** Listens no more and finishes what it began; idempotent. */
  async close(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    await this.#teller.idle();
  }

  /** Resolves when everybody was told whom an event so far concerns. */
  idle(): Promise<void> {
    return this.#teller.idle();
  }

  /** Tells what is still to be told, by whatever server it was left; for a job, every minute. */
  tellLeft(): Promise<void> {
    return this.#teller.tellLeft();
  }

  /** Sends the reminders that are due, each exactly once; for a job, every minute. Answers with how many. */
  dueReminders(): Promise<number> {
    return this.#teller.dueReminders();
  }

  /** Forgets notifications after their time; for a job, every day. Answers with how many. */
  forgetOld(): Promise<number> {
    return this.#teller.forgetOld();
  }

  /** What the caller wants to hear of a channel. Rejects with NOT_FOUND. */
  async settings(actor: Actor, channelId: string): Promise<NotificationSettings> {
    const userId = userOf(actor);
    const settings = await this.#database.asUser(actor, (tx) => findSettings(tx, channelId, userId));
    if (settings === undefined) throw liveError('NOT_FOUND', `Channel not found: ${channelId}`);
    return settings;
  }

  /** Changes what the caller wants to hear of a channel. Rejects with NOT_FOUND. */
  async changeSettings(
    actor: Actor,
    channelId: string,
    change: SettingsChange,
  ): Promise<NotificationSettings> {
    const userId = userOf(actor);
    const before = await this.settings(actor, channelId);
    const minutes = change.reminderMinutes === undefined ? before.reminderMinutes : change.reminderMinutes;
    const settings = {
      channelId,
      onLive: change.onLive ?? before.onLive,
      onScheduled: change.onScheduled ?? before.onScheduled,
      byMail: change.byMail ?? before.byMail,
      ...(minutes === undefined || minutes === null ? {} : { reminderMinutes: minutes }),
    };
    await this.#database.asUser(actor, (tx) => putSettings(tx, userId, settings));
    return settings;
  }

  /** Reminds the caller of a stream. Rejects with STREAM_NOT_FOUND, STREAM_NOT_SCHEDULED, CONFLICT for one too many. */
  async remind(actor: Actor, streamId: string, minutesBefore: number): Promise<Reminder> {
    const userId = userOf(actor);
    return this.#database.asUser(actor, async (tx) => {
      const schedule = await findSchedule(tx, streamId);
      if (schedule === undefined) throw new StreamNotFoundError(streamId);
      if (schedule.scheduledAt === null || !['scheduled', 'preparing'].includes(schedule.status))
        throw liveError('STREAM_NOT_SCHEDULED', `Stream is not scheduled: ${streamId}`);
      await lockOwner(tx, 'reminders', userId);
      if ((await countWaiting(tx, userId, streamId)) >= this.#limits.reminders)
        throw liveError('CONFLICT', `at most ${this.#limits.reminders} reminders can be waited for`);
      return putReminder(tx, streamId, userId, minutesBefore);
    });
  }

  /** Does not remind the caller; also of what they had not asked for. */
  async forgetReminder(actor: Actor, streamId: string): Promise<void> {
    const userId = userOf(actor);
    await this.#database.asUser(actor, (tx) => deleteReminder(tx, streamId, userId));
  }

  /** A page of what the caller was told, newest first. */
  list(
    actor: Actor,
    query: { readonly unread: boolean; readonly limit: number; readonly offset: number },
  ): Promise<{ notifications: LiveNotification[]; total: number; unread: number }> {
    const userId = userOf(actor);
    return this.#database.asUser(actor, (tx) => listNotifications(tx, userId, query));
  }

  /** Marks some of the caller's notifications as read, or all. */
  async read(actor: Actor, ids?: readonly string[]): Promise<void> {
    const userId = userOf(actor);
    const at = new Date(this.#clock.now());
    await this.#database.asUser(actor, (tx) => markRead(tx, userId, ids, at));
  }
}

function userOf(actor: Actor): string {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  return actor.userId;
}
