import { liveError } from '@tallylight/protocol/errors.ts';
import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import type { Actor } from '../../../api/actor.ts';
import { ApiReply } from '../../../api/route-handler.ts';
import { ANONYMOUS, type Claims } from '../../../db/claims.ts';
import type { Database } from '../../../db/database.ts';
import { readAccountRole } from '../../watching/repository.ts';
import { seeStream } from '../stream-access.ts';
import type { StreamMapper } from '../stream-mapper.ts';
import type { StreamRow } from '../stream-row.ts';
import { CalendarTokens } from './calendar-token.ts';
import { addRenewal, readChannelName, readChannelSchedule, readRenewals } from './repository.ts';
import { DEFAULT_SCHEDULE_LIMITS, type ScheduleLimits } from './schedule-limits.ts';

/** How long a stream is expected to last, in milliseconds: nobody says, and a calendar needs an end. */
const EXPECTED_MS = 3_600_000;
/** How often calendars may ask again, in seconds. */
const REFRESH_SEC = 900;

/** Schedules of streams as calendars read them (RFC 5545). */
export class StreamSchedule {
  readonly #database: Database;
  readonly #mapper: StreamMapper;
  readonly #tokens: CalendarTokens;
  readonly #origin: string;
  readonly #limits: ScheduleLimits;

  /** @param options.secret signs members' feed addresses: 32 bytes that outlive the process. */
  constructor(options: {
    readonly database: Database;
    readonly mapper: StreamMapper;
    readonly secret: Uint8Array;
    /** Of the web server, without a slash at the end. */
    readonly origin: string;
    /** Default {@link DEFAULT_SCHEDULE_LIMITS}. */
    readonly limits?: Partial<ScheduleLimits>;
  }) {
    this.#database = options.database;
    this.#mapper = options.mapper;
    this.#tokens = new CalendarTokens(options.secret);
    this.#origin = options.origin;
    this.#limits = { ...DEFAULT_SCHEDULE_LIMITS, ...options.limits };
  }

  /** One stream as an event, for whoever may see it. Rejects with STREAM_NOT_SCHEDULED for a stream without a time. */
  async eventCalendar(actor: Actor, streamId: string): Promise<ApiReply> {
    const row = await this.#database.asUser(actor, (tx) => seeStream(tx, streamId));
    if (row.scheduled_at === null) {
      throw liveError('STREAM_NOT_SCHEDULED', `stream ${streamId} has no time at which it begins`);
    }
    return this.#reply(row.title, [row], `stream-${row.id}.ics`);
  }

  /** A channel's streams to come. With the token of a member, private ones too; a wrong or renewed one is NOT_FOUND. */
  async channelCalendar(channelId: string, token: string | undefined): Promise<ApiReply> {
    const reader = token === undefined ? ANONYMOUS : await this.#readerOf(channelId, token);
    const { name, rows } = await this.#database.asUser(reader, async (tx) => {
      const name = await readChannelName(tx, channelId);
      if (name === undefined) throw liveError('NOT_FOUND', `there is no channel ${channelId}`);
      const rows = await readChannelSchedule(tx, channelId, {
        withPrivate: token !== undefined,
        limit: this.#limits.events,
      });
      return { name, rows };
    });
    return this.#reply(name, rows, `channel-${channelId}.ics`);
  }

  /** The caller's own address of a channel's feed. Rejects with NOT_FOUND for a channel that they may not see. */
  channelCalendarUrl(actor: Actor, channelId: string): Promise<{ readonly url: string }> {
    return this.#addressOf(actor, channelId, readRenewals);
  }

  /** Gives the caller another address of a channel's feed: the one of before opens nothing from now on. Rejects as {@link channelCalendarUrl} does. */
  renewChannelCalendarUrl(actor: Actor, channelId: string): Promise<{ readonly url: string }> {
    return this.#addressOf(actor, channelId, addRenewal);
  }

  async #addressOf(
    actor: Actor,
    channelId: string,
    renewalsOf: typeof readRenewals,
  ): Promise<{ readonly url: string }> {
    const { userId } = actor;
    if (userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
    const name = await this.#database.asUser(actor, (tx) => readChannelName(tx, channelId));
    if (name === undefined) throw liveError('NOT_FOUND', `there is no channel ${channelId}`);
    // As the server: what addresses are made of is for nobody to read. Channel and caller were checked above.
    const renewals = await this.#database.asService((tx) => renewalsOf(tx, channelId, userId));
    const token = this.#tokens.issue(channelId, userId, renewals);
    return { url: `${this.#origin}/api/channels/${channelId}/schedule.ics?token=${token}` };
  }

  async #readerOf(channelId: string, token: string): Promise<Claims> {
    // One answer for all that opens nothing: a calendar gives an address up that is not there.
    const gone = () =>
      liveError('NOT_FOUND', 'there is no such feed address, or it was renewed: copy it again');
    const userId = this.#tokens.claimedBy(token);
    if (userId === undefined) throw gone();
    // As the server: a feed has no session to say whether its owner's account still works.
    const { renewals, role } = await this.#database.asService(async (tx) => ({
      renewals: await readRenewals(tx, channelId, userId),
      role: await readAccountRole(tx, userId),
    }));
    if (!this.#tokens.isGood(token, channelId, userId, renewals)) throw gone();
    if (role === 'disabled') throw liveError('FORBIDDEN', 'the account of this feed address is disabled');
    return { userId, role: 'user' };
  }

  #reply(name: string, rows: readonly StreamRow[], fileName: string): ApiReply {
    const calendar = ical({
      name,
      prodId: { company: 'Tallylight', product: 'Streams', language: 'EN' },
      method: ICalCalendarMethod.PUBLISH,
      ttl: REFRESH_SEC,
    });
    for (const row of rows) {
      if (row.scheduled_at === null) continue;
      const url = this.#mapper.pageUrl(row.id);
      calendar.createEvent({
        id: `${row.id}@tallylight`,
        start: row.scheduled_at,
        end: new Date(row.scheduled_at.getTime() + EXPECTED_MS),
        stamp: row.updated_at,
        created: row.created_at,
        lastModified: row.updated_at,
        summary: row.title,
        ...(row.description === null ? {} : { description: row.description }),
        url,
        location: url,
        status: row.status === 'cancelled' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
        categories: row.tags.map((tag) => ({ name: tag })),
      });
    }
    return new ApiReply(calendar.toString(), {
      headers: {
        'Cache-Control': 'private, max-age=60',
        'Content-Disposition': `inline; filename="${fileName}"`,
      },
    });
  }
}
