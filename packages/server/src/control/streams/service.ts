import { isDeepStrictEqual } from 'node:util';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import {
  liveError,
  StreamError,
  StreamNotFoundError,
  StreamUnauthorizedError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import type { StreamDetails } from '@tallylight/protocol/routes/streams.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import { isUniqueViolation } from '../../db/database-error.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { ControlEvents } from '../control-events.ts';
import type { StreamKeys } from '../keys/stream-keys.ts';
import type { LivePort } from '../live-port.ts';
import { readWatchRights } from '../watching/repository.ts';
import type { IssuedToken, WatchAccess } from '../watching/watch-access.ts';
import {
  changeStream,
  countUnfinished,
  deleteStream,
  insertStream,
  listStreams,
  type NewStream,
  readChannelStanding,
  type StreamFilter,
  type StreamListing,
  type StreamSettings,
} from './repository.ts';
import { SharedReads } from './shared-reads.ts';
import { isModerator, isOwner, lockSeen, StreamAccess, seeStream } from './stream-access.ts';
import type { StreamLife } from './stream-life.ts';
import type { StreamMapper } from './stream-mapper.ts';
import { factsOf, STREAM_PAGE, type StreamPageRow, type StreamRow, selectStreams } from './stream-row.ts';
import { DEFAULT_STREAMS_LIMITS, type StreamsLimits } from './streams-limits.ts';

/** What streams are served by. */
export interface StreamServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly live: LivePort;
  readonly life: StreamLife;
  readonly keys: StreamKeys;
  /** Forgets what was remembered of a stream's keys. */
  readonly forgetKeys: (streamId: string) => void;
  readonly watching: WatchAccess;
  readonly mapper: StreamMapper;
  readonly limits?: Partial<StreamsLimits>;
}

/** Where and with what a stream is watched. */
export interface WatchUrls {
  readonly manifestUrl: string;
  readonly whepUrl: string;
  readonly token?: string;
  readonly expiresAt?: string;
  readonly isPreview: boolean;
}

/** A page of a list. */
export interface StreamPage {
  readonly streams: readonly Stream[];
  readonly hasMore: boolean;
}

/** The rules of streams: who may make, see, change, start, end and watch them. */
export class StreamService {
  readonly #options: StreamServiceOptions;
  readonly #limits: StreamsLimits;
  readonly #access: StreamAccess;
  /** By stream, as who has not signed in sees it. */
  readonly #pages = new SharedReads<StreamDetails>();
  /** The same of lists, by what they are of. */
  readonly #lists = new SharedReads<StreamPage>();

  constructor(options: StreamServiceOptions) {
    this.#options = options;
    this.#access = new StreamAccess(options.database);
    this.#limits = { ...DEFAULT_STREAMS_LIMITS, ...options.limits };
  }

  /**
   * Makes a stream with its first key. Rejects with STREAM_UNAUTHORIZED for who may not broadcast in the channel.
   * @param createdId its id, where the same request may have been run before: then there is one stream. Default another one.
   */
  async create(actor: Actor, input: NewStream, createdId?: string): Promise<Stream> {
    refuseForeignPicture(input.thumbnailUrl);
    const made = createdId === undefined ? undefined : await this.#ownIfMade(actor, createdId);
    if (made !== undefined) return made;
    try {
      return await this.#create(actor, input, createdId ?? v7());
    } catch (error) {
      // The run before committed only now; its stream may be the last one that there is room for.
      const late =
        createdId !== undefined && (isUniqueViolation(error) || isConflict(error))
          ? await this.#ownIfMade(actor, createdId)
          : undefined;
      if (late !== undefined) return late;
      throw error;
    }
  }

  async #create(actor: Actor, input: NewStream, id: string): Promise<Stream> {
    const broadcasterId = signedIn(actor);
    const row = await this.#options.database.asUser(actor, async (tx) => {
      const { isMember, mayBroadcast } = await readChannelStanding(tx, input.channelId);
      if (!mayBroadcast) {
        throw new StreamUnauthorizedError(
          isMember ? 'Your role in this channel may not broadcast' : 'Not a member of this channel',
        );
      }
      await lockOwner(tx, 'unfinished streams', broadcasterId);
      const most = this.#limits.maxUnfinishedPerBroadcaster;
      if ((await countUnfinished(tx, broadcasterId)) >= most) {
        throw liveError(
          'CONFLICT',
          `you have ${most} streams that have not ended: end, cancel or delete some`,
        );
      }
      await insertStream(tx, { ...input, id, broadcasterId });
      await this.#options.keys.replace(tx, { id, channelId: input.channelId });
      return seeStream(tx, id);
    });
    this.#options.events.emit('stream-created', {
      stream: this.#options.mapper.toStream(row, { owner: false }),
    });
    return this.#ofOwner(row);
  }

  /**
   * A stream with its page's metadata and a link that plays for this actor. Who has not signed in gets one that everybody gets who asked
   * while it was waited for.
   */
  get(actor: Actor, streamId: string): Promise<StreamDetails> {
    if (actor.userId !== undefined) return this.#read(actor, streamId);
    return this.#pages.read(streamId, () => this.#read(actor, streamId));
  }

  async #read(actor: Actor, streamId: string): Promise<StreamDetails> {
    const [row] = await this.#options.database.readAs(actor, STREAM_PAGE, [streamId]);
    if (row === undefined) throw new StreamNotFoundError(streamId);
    const issued = (await this.#isBanned(actor, row)) ? undefined : this.#tokenFor(actor, row);
    return this.#detailsOf(row, issued);
  }

  #detailsOf(row: StreamPageRow, issued: IssuedToken | undefined): StreamDetails {
    const { mapper } = this.#options;
    const stream = mapper.toStream(row, { owner: isOwner(row) });
    const streamUrl = mapper.manifestUrl(row.id, issued?.token);
    const person = row.broadcaster;
    const name = person?.display_name ?? person?.username ?? undefined;
    return {
      ...stream,
      hlsManifestUrl: streamUrl,
      streamUrl,
      isOwner: isOwner(row),
      isModerator: isModerator(row),
      metadata: {
        id: row.id,
        title: row.title,
        ...(row.description === null ? {} : { description: row.description }),
        ...(row.thumbnail_url === null ? {} : { thumbnailUrl: row.thumbnail_url }),
        status: stream.status,
        isLive: row.status === 'live',
        ...(stream.startedAt === undefined ? {} : { startedAt: stream.startedAt }),
        ...(stream.scheduledAt === undefined ? {} : { scheduledAt: stream.scheduledAt }),
        viewerCount: row.current_viewers,
        tags: row.tags,
        language: row.language,
        streamer: {
          id: row.broadcaster_id,
          ...(person?.username == null ? {} : { username: person.username }),
          ...(person?.display_name == null ? {} : { displayName: person.display_name }),
          ...(person?.avatar_url == null ? {} : { avatarUrl: person.avatar_url }),
          ...(name === undefined ? {} : { name }),
        },
      },
    };
  }

  /** Public streams; private ones to members, unlisted ones to their owners. */
  list(actor: Actor, listing: StreamListing, filter: StreamFilter): Promise<StreamPage> {
    if (actor.userId !== undefined) return this.#list(actor, listing, filter);
    const key = JSON.stringify([
      listing,
      Object.entries(filter).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ]);
    return this.#lists.read(key, () => this.#list(actor, listing, filter));
  }

  async #list(actor: Actor, listing: StreamListing, filter: StreamFilter): Promise<StreamPage> {
    const rows = await this.#options.database.asUser(actor, (tx) => listStreams(tx, listing, filter));
    const hasMore = rows.length > filter.limit;
    const streams = rows
      .slice(0, filter.limit)
      .map((row) => this.#options.mapper.toStream(row, { owner: isOwner(row) }));
    return { streams, hasMore };
  }

  /** Changes settings. What says when it begins changes only before it has begun. */
  async update(actor: Actor, streamId: string, changes: StreamSettings): Promise<Stream> {
    refuseForeignPicture(changes.thumbnailUrl);
    const { database, events, life, mapper } = this.#options;
    const { outdated } = life;
    const { before, row } = await database.asUser(actor, async (tx) => {
      requireOwner(await seeStream(tx, streamId), 'update');
      // Locked: it may go live at this moment, and what it is must not be written over by what it was.
      const before = requireOwner(await lockSeen(tx, streamId), 'update');
      await changeStream(tx, streamId, { ...changes, ...statusBySchedule(before, changes) });
      return { before, row: await seeStream(tx, streamId) };
    });
    life.changed(row, outdated);
    const was: Partial<Stream> = mapper.toStream(before, { owner: false });
    const now: Partial<Stream> = mapper.toStream(row, { owner: false });
    // Only what is another now: what decides about rights makes everybody in the room ask again.
    const told = [...(Object.keys(changes) as (keyof Stream)[]), 'status' as const, 'updatedAt' as const];
    const changed = told.filter(
      (name) => !isDeepStrictEqual(was[name], now[name]) && now[name] !== undefined,
    );
    events.emit('stream-updated', {
      streamId,
      changes: Object.fromEntries(changed.map((name) => [name, now[name]])),
    });
    return this.#ofOwner(row);
  }

  /** Deletes a stream with all that belongs to it; its media ends at once. */
  async remove(actor: Actor, streamId: string): Promise<void> {
    const row = await this.#options.database.asUser(actor, async (tx) => {
      const before = requireOwner(await seeStream(tx, streamId), 'delete');
      await deleteStream(tx, streamId);
      return before;
    });
    this.#options.life.deleted(row);
  }

  /** See `StreamLife.start`. */
  async start(actor: Actor, streamId: string): Promise<Stream> {
    const seen = await this.#seeOwn(actor, streamId, 'start');
    return this.#ofOwner({ ...(await this.#options.life.start(streamId)), key_mask: seen.key_mask });
  }

  /** See `StreamLife.end`. */
  async end(actor: Actor, streamId: string): Promise<Stream> {
    const seen = await this.#seeOwn(actor, streamId, 'end');
    return this.#ofOwner({ ...(await this.#options.life.end(streamId)), key_mask: seen.key_mask });
  }

  /** See `StreamLife.cancel`. */
  async cancel(actor: Actor, streamId: string): Promise<Stream> {
    const seen = await this.#seeOwn(actor, streamId, 'cancel');
    return this.#ofOwner({ ...(await this.#options.life.cancel(streamId)), key_mask: seen.key_mask });
  }

  /** Where to watch. Rejects with VIEWER_BANNED for who is banned from a stream that not everybody may see. */
  async watchUrls(actor: Actor, streamId: string): Promise<WatchUrls> {
    const { mapper } = this.#options;
    const row = await this.#access.load(actor, streamId);
    if (await this.#isBanned(actor, row)) throw new ViewerBannedError(signedIn(actor), streamId);
    const issued = this.#tokenFor(actor, row);
    return {
      manifestUrl: mapper.manifestUrl(row.id, issued?.token),
      whepUrl: mapper.whepUrl(row.id),
      ...(issued === undefined
        ? {}
        : { token: issued.token, expiresAt: new Date(issued.expiresAtMs).toISOString() }),
      isPreview: factsOf(row).phase === 'waiting',
    };
  }

  /** Gives a stream another key; what publishes with the old one is cut, unless it may overlap. */
  async regenerateKey(actor: Actor, streamId: string, overlapSeconds: number): Promise<string> {
    const { keys, forgetKeys, live } = this.#options;
    const made = await this.#options.database.asUser(actor, async (tx) => {
      const row = requireOwner(await seeStream(tx, streamId), 'change the key of');
      return keys.replace(tx, { id: row.id, channelId: row.channel_id }, overlapSeconds);
    });
    forgetKeys(streamId);
    for (const keyId of made.revokedIds) live.revoke(keyId);
    return made.streamKey;
  }

  /** Takes a stream's keys away and gives it none; what publishes with one is cut. Nothing where there is none. */
  async revokeKey(actor: Actor, streamId: string): Promise<void> {
    const { keys, forgetKeys, live } = this.#options;
    const revokedIds = await this.#options.database.asUser(actor, async (tx) => {
      requireOwner(await seeStream(tx, streamId), 'revoke the key of');
      return keys.revoke(tx, streamId);
    });
    forgetKeys(streamId);
    for (const keyId of revokedIds) live.revoke(keyId);
  }

  /** Shows the key again, and says so in the audit log. */
  async revealKey(
    actor: Actor,
    streamId: string,
    address: string,
  ): Promise<{ readonly streamKey: string; readonly ingestUrl: string; readonly whipUrl: string }> {
    const row = await this.#seeOwn(actor, streamId, 'see the key of');
    const streamKey = await this.#options.keys.reveal(row, { userId: signedIn(actor), address });
    return { streamKey, ...this.#options.mapper.publishUrls };
  }

  async #ownIfMade(actor: Actor, id: string): Promise<Stream | undefined> {
    const row = await this.#options.database.asUser(actor, (tx) =>
      selectStreams(tx).where('id', '=', id).where('broadcaster_id', '=', signedIn(actor)).executeTakeFirst(),
    );
    return row === undefined ? undefined : this.#ofOwner(row);
  }

  async #seeOwn(actor: Actor, streamId: string, verb: string): Promise<StreamRow> {
    return requireOwner(await this.#access.load(actor, streamId), verb);
  }

  /** Banned from a stream that not everybody may see; owners never are. */
  async #isBanned(actor: Actor, row: StreamRow): Promise<boolean> {
    if (isOwner(row) || factsOf(row).visibility !== 'private') return false;
    const { isBanned } = await this.#options.database.asUser(actor, (tx) => readWatchRights(tx, row.id));
    return isBanned;
  }

  #ofOwner(row: StreamRow): Stream {
    return this.#options.mapper.toStream(row, { owner: true });
  }

  /** For a private stream, and for owners before it is live. That the actor may see the row was found before. */
  #tokenFor(actor: Actor, row: StreamRow): IssuedToken | undefined {
    if (actor.userId === undefined) return undefined;
    const { phase, visibility } = factsOf(row);
    if (isOwner(row) && (phase === 'waiting' || visibility === 'private')) {
      return this.#options.watching.issue(actor, row.id, 'preview');
    }
    return visibility === 'private' ? this.#options.watching.issue(actor, row.id, 'view') : undefined;
  }
}

/** Rejects what is not the actor's own with nchat's word, and says in the details what was not allowed. */
export function requireOwner(row: StreamRow, verb: string): StreamRow {
  if (isOwner(row)) return row;
  throw liveError('STREAM_UNAUTHORIZED', 'Forbidden', {
    reason: `Only the broadcaster can ${verb} the stream`,
  });
}

function isConflict(error: unknown): boolean {
  return error instanceof StreamError && error.code === 'CONFLICT';
}

function signedIn({ userId }: Actor): string {
  if (userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  return userId;
}

/** A schedule makes a stream scheduled, and its removal preparing. */
function statusBySchedule(
  before: StreamRow,
  { scheduledAt }: StreamSettings,
): { status?: 'scheduled' | 'preparing' } {
  if (scheduledAt === undefined) return {};
  if (before.status !== 'scheduled' && before.status !== 'preparing') {
    throw liveError('CONFLICT', `scheduledAt cannot be changed: the stream is ${before.status}`);
  }
  return { status: scheduledAt === null ? 'preparing' : 'scheduled' };
}

/** An address that a page may show as a picture: of the web, or of this server. */
function refuseForeignPicture(url: string | null | undefined): void {
  if (url == null || /^\/(?!\/)[\x21-\x7e]*$/.test(url) || (/^https?:\/\//i.test(url) && URL.canParse(url)))
    return;
  throw liveError('INVALID_REQUEST', `thumbnailUrl must be an http(s) address, not ${url.slice(0, 80)}`);
}
