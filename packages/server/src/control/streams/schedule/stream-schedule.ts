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
import { readChannelName, readChannelSchedule } from './repository.ts';

/** Events of one feed at most: calendars fetch it whole. */
const MAX_EVENTS = 200;
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

  /** @param options.secret signs members' feed addresses: 32 bytes that outlive the process. */
  constructor(options: {
    readonly database: Database;
    readonly mapper: StreamMapper;
    readonly secret: Uint8Array;
    /** Of the web server, without a slash at the end. */
    readonly origin: string;
  }) {
    this.#database = options.database;
    this.#mapper = options.mapper;
    this.#tokens = new CalendarTokens(options.secret);
    this.#origin = options.origin;
  }

  /** One stream as an event, for whoever may see it. Rejects with STREAM_NOT_SCHEDULED for a stream without a time. */
  async eventCalendar(actor: Actor, streamId: string): Promise<ApiReply> {
    const row = await this.#database.asUser(actor, (tx) => seeStream(tx, streamId));
    if (row.scheduled_at === null) {
      throw liveError('STREAM_NOT_SCHEDULED', `stream ${streamId} has no time at which it begins`);
    }
    return this.#reply(row.title, [row], `stream-${row.id}.ics`);
  }

  /** A channel's streams to come. With the token of a member, private ones too; a wrong token is FORBIDDEN. */
  async channelCalendar(channelId: string, token: string | undefined): Promise<ApiReply> {
    const reader = token === undefined ? ANONYMOUS : await this.#readerOf(channelId, token);
    const { name, rows } = await this.#database.asUser(reader, async (tx) => {
      const name = await readChannelName(tx, channelId);
      if (name === undefined) throw liveError('NOT_FOUND', `there is no channel ${channelId}`);
      const rows = await readChannelSchedule(tx, channelId, {
        withPrivate: token !== undefined,
        limit: MAX_EVENTS,
      });
      return { name, rows };
    });
    return this.#reply(name, rows, `channel-${channelId}.ics`);
  }

  /** The caller's own address of a channel's feed. */
  async channelCalendarUrl(actor: Actor, channelId: string): Promise<{ readonly url: string }> {
    const { userId } = actor;
    if (userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
    const name = await this.#database.asUser(actor, (tx) => readChannelName(tx, channelId));
    if (name === undefined) throw liveError('NOT_FOUND', `there is no channel ${channelId}`);
    const token = this.#tokens.issue(channelId, userId);
    return { url: `${this.#origin}/api/channels/${channelId}/schedule.ics?token=${token}` };
  }

  async #readerOf(channelId: string, token: string): Promise<Claims> {
    const userId = this.#tokens.read(channelId, token);
    if (userId === undefined) throw liveError('FORBIDDEN', 'this feed address is not valid: copy it again');
    // As the server: a feed has no session to say whether its owner's account still works.
    const role = await this.#database.asService((tx) => readAccountRole(tx, userId));
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
