import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEventMap, ControlEvents } from '../control-events.ts';
import { mailFor, type NotificationMail, type NotificationMailer, sendAll } from './notification-mail.ts';
import type { NotificationLimits } from './notifications-limits.ts';
import {
  deleteNotificationsBefore,
  followersAfter,
  insertDefaultReminders,
  insertNotifications,
  lockTelling,
  noteFailure,
  noteTold,
  renewReminders,
  type Telling,
  takeDueMail,
  takeDueReminders,
} from './telling-repository.ts';

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

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Tells followers of streams that went live or were scheduled, and reminds. All of it is the server's own work.
 *
 * What is to be told stands in `nchat_live_tellings`, written by the transaction that makes it so; an event only says that it is worth
 * looking there now. Each page of followers is told in one transaction with the place that was reached, so that a server which dies leaves
 * the rest to the next one, and nobody is told twice. A mail is taken before it is handed over: of a server that dies, as many as are under
 * way at that moment are lost, and none is sent twice.
 */
export class Teller {
  readonly #options: TellerOptions;
  #round: Promise<void> | undefined;
  /** More may have come while a round was under way. */
  #again = false;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** Begins to listen, and tells what another server has left; returns the way to stop. */
  listen(): () => void {
    const { events } = this.#options;
    const onLive = (): void => this.#wake();
    const onCreated = ({ stream }: ControlEventMap['stream-created'][0]): void => {
      if (stream.scheduledAt !== undefined) this.#wake();
    };
    const onUpdated = ({ changes }: ControlEventMap['stream-updated'][0]): void => {
      if (changes.scheduledAt !== undefined) this.#wake();
    };
    events.on('stream-live', onLive).on('stream-created', onCreated).on('stream-updated', onUpdated);
    this.#wake();
    return () =>
      void events
        .off('stream-live', onLive)
        .off('stream-created', onCreated)
        .off('stream-updated', onUpdated);
  }

  /** Resolves when everything that events began is done. */
  async idle(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
  }

  /** Tells everything that is still to be told, and sends the mails that are due. */
  async tellLeft(): Promise<void> {
    while (await this.#tellPage()) {
      // Page by page: each is kept as it is told.
    }
    await this.#mail();
  }

  /** Sends every reminder that is due, each exactly once even if two servers ask at the same time; answers with how many. */
  async dueReminders(): Promise<number> {
    const { database, events, clock, limits, mailer } = this.#options;
    const now = new Date(clock.now());
    const options = { now, notBefore: this.#notBefore(), limit: limits.batch, mails: mailer !== undefined };
    let sent = 0;
    for (;;) {
      const { taken, due } = await database.asService((tx) => takeDueReminders(tx, options));
      for (const reminder of due) events.emit('notification', { ...reminder, kind: 'reminder' });
      sent += due.length;
      if (taken === 0) break;
    }
    await this.#mail();
    return sent;
  }

  /** Forgets what people were told long ago; answers with how many there were. */
  forgetOld(): Promise<number> {
    const { database, clock, limits } = this.#options;
    const before = new Date(clock.now() - limits.keepDays * DAY_MS);
    return database.asService((tx) => deleteNotificationsBefore(tx, before));
  }

  /** Tells some followers of one start; false when nothing was left. */
  async #tellPage(): Promise<boolean> {
    const { database, events, clock } = this.#options;
    const now = new Date(clock.now());
    let failing: string | undefined;
    try {
      const page = await database.asService(async (tx) => {
        const telling = await lockTelling(tx, now);
        failing = telling?.id;
        if (telling === undefined) return undefined;
        const isFirst = /^[0-]+$/.test(telling.toldTo);
        if (telling.isSo && telling.kind === 'scheduled' && isFirst) {
          await renewReminders(tx, telling.streamId, now);
          if (telling.status === 'scheduled') await insertDefaultReminders(tx, telling);
        }
        // A stream that is being prepared already tells of itself when it is live.
        const isTold = telling.isSo && telling.status !== 'preparing';
        const followers = isTold ? await followersAfter(tx, telling, this.#options.limits.batch) : [];
        const fresh = await insertNotifications(tx, telling, {
          userIds: followers.filter((follower) => follower.isTold).map(({ userId }) => userId),
          at: now,
          mails: this.#options.mailer !== undefined,
        });
        await noteTold(tx, telling.id, followers.at(-1)?.userId);
        return { telling, fresh };
      });
      if (page !== undefined) tell(events, page.telling, page.fresh);
      return page !== undefined;
    } catch (error) {
      const id = failing;
      // Best effort: with the database away everything is tried again in the same order.
      if (id !== undefined) await database.asService((tx) => noteFailure(tx, id)).catch(() => {});
      throw error;
    }
  }

  async #mail(): Promise<void> {
    const { mailer, limits, log } = this.#options;
    if (mailer !== undefined)
      await sendAll(mailer, () => this.#nextMail(), { atOnce: limits.mailsAtOnce, log });
  }

  async #nextMail(): Promise<NotificationMail | undefined> {
    const { database, clock, watchUrl } = this.#options;
    const times = { now: new Date(clock.now()), notBefore: this.#notBefore() };
    for (;;) {
      const due = await database.asService((tx) => takeDueMail(tx, times));
      if (due === undefined) return undefined;
      const { userId, kind, title, channelName, scheduledAt, streamId, isTimely } = due;
      if (isTimely)
        return mailFor(userId, kind, { title, channelName, scheduledAt, url: watchUrl?.(streamId) });
    }
  }

  /** Of a stream that should have begun before, nobody is reminded any more. */
  #notBefore(): Date {
    const { clock, limits } = this.#options;
    return new Date(clock.now() - limits.latestMinutes * MINUTE_MS);
  }

  /** Nobody waits for it: what fails is logged, and tried again by the job of every minute. */
  #wake(): void {
    this.#again = true;
    this.#round ??= this.#untilTold();
  }

  async #untilTold(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.tellLeft();
      }
    } catch (error) {
      this.#options.log.error({ error }, 'followers could not be told yet');
    } finally {
      // At once after the last look at `#again`: whoever wakes us from here on begins another round.
      this.#round = undefined;
    }
  }
}

function tell(events: ControlEvents, { streamId, kind }: Telling, userIds: readonly string[]): void {
  for (const userId of userIds) events.emit('notification', { userId, streamId, kind });
}
