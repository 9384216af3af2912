import type {
  AutoModChange,
  AutoModConfig,
  ChatSettings,
  ModerationAction,
  ModerationLog,
  ModeratorPermissions,
  StreamBan,
  StreamModerator,
  StreamTimeout,
} from '@tallylight/protocol/entities/moderation.ts';
import type { ChatMode } from '@tallylight/protocol/entities/stream.ts';
import {
  liveError,
  StreamNotFoundError,
  StreamUnauthorizedError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import type { ChatSettingsChange } from '@tallylight/protocol/routes/moderation.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import { isDenied, isForeignKeyViolation } from '../../db/database-error.ts';
import type { ControlEventMap, ControlEvents } from '../control-events.ts';
import { type Authority, isAbove, isAtLeast, mayDo, permissionsFrom, readAuthority } from './authority.ts';
import * as repository from './moderation-repository.ts';

/** Whom to ban, how long and where. */
export interface BanRequest {
  readonly userId: string;
  readonly reason?: string | undefined;
  /** Without it: for ever. */
  readonly durationMinutes?: number | undefined;
  /** Default `stream`. */
  readonly scope?: 'stream' | 'channel' | undefined;
}

/** A page of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

interface Desk {
  readonly userId: string;
  readonly channelId: string;
  readonly authority: Authority;
}

/** Those who keep order, and what they do. Every action checks its permission, and nobody acts on their equals or superiors. */
export class ModerationService {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #settled: () => Promise<void>;

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    /** Resolves when the messages that are being stored now are told: no ban is acknowledged before. */
    readonly settled: () => Promise<void>;
  }) {
    this.#database = options.database;
    this.#events = options.events;
    this.#settled = options.settled;
  }

  /** Makes somebody moderator, for owners. Throws CONFLICT when they are one. */
  async addModerator(
    actor: Actor,
    streamId: string,
    userId: string,
    permissions: { readonly [name in keyof ModeratorPermissions]?: boolean | undefined } = {},
  ): Promise<StreamModerator> {
    const added = await this.#act(actor, streamId, async (tx, desk) => {
      demandOwner(desk);
      const isNew = await repository.addModerator(tx, {
        streamId,
        userId,
        addedBy: desk.userId,
        permissions: permissionsFrom(permissions),
      });
      if (!isNew) throw liveError('CONFLICT', 'User is already a moderator');
      await this.#log(tx, desk, { streamId, targetUserId: userId, action: 'add_moderator' });
      const [moderator] = await repository.readModerators(tx, streamId, userId);
      return moderator;
    });
    this.#events.emit('access-changed', { userId });
    if (added === undefined) throw new StreamNotFoundError(streamId);
    return added;
  }

  /** Takes it back, for owners and for oneself. */
  async removeModerator(actor: Actor, streamId: string, userId: string): Promise<void> {
    await this.#act(actor, streamId, async (tx, desk) => {
      const isOneself = desk.userId === userId;
      if (!isOneself) demandOwner(desk);
      // Before: afterwards who goes of their own will may not write the log.
      await this.#log(tx, desk, { streamId, targetUserId: userId, action: 'remove_moderator' });
      if (!(await repository.removeModerator(tx, streamId, userId))) {
        throw liveError('NOT_FOUND', `User ${userId} is not a moderator of stream ${streamId}`);
      }
    });
    this.#events.emit('access-changed', { userId });
  }

  /** The moderators that the stream itself appointed. */
  getModerators(actor: Actor, streamId: string): Promise<StreamModerator[]> {
    return this.#database.asUser(actor, async (tx) => {
      if ((await repository.readChannel(tx, streamId)) === undefined) throw new StreamNotFoundError(streamId);
      return repository.readModerators(tx, streamId);
    });
  }

  /** Bans somebody. When it resolves, none of their messages is acknowledged any more. Throws CONFLICT when they are banned. */
  async banUser(actor: Actor, streamId: string, request: BanRequest): Promise<StreamBan> {
    const { userId, reason, durationMinutes, scope = 'stream' } = request;
    const ban = await this.#act(actor, streamId, async (tx, desk) => {
      demand(desk, 'canBanUsers', 'ban');
      await this.#demandAbove(tx, desk, streamId, userId);
      const where = {
        channelId: desk.channelId,
        streamId: scope === 'stream' ? streamId : undefined,
        userId,
      };
      if (await repository.isBanned(tx, where)) throw liveError('CONFLICT', 'User is already banned');
      const id = v7();
      const seconds = durationMinutes === undefined ? undefined : durationMinutes * 60;
      const bar = { ...where, id, moderatorId: desk.userId, kind: 'ban', reason, seconds } as const;
      const written = await repository.writeBar(tx, bar);
      const metadata = { banId: id, scope, ...(durationMinutes === undefined ? {} : { durationMinutes }) };
      await this.#log(tx, desk, { streamId, targetUserId: userId, action: 'ban', reason, metadata });
      return { id, moderatorId: desk.userId, channelId: desk.channelId, ...written };
    });
    const expires = ban.expiresAt === undefined ? {} : { expiresAt: ban.expiresAt.toISOString() };
    await this.#barred({
      channelId: ban.channelId,
      streamId: scope === 'stream' ? streamId : undefined,
      userId,
      kind: 'ban',
      ...expires,
    });
    return {
      id: ban.id,
      streamId,
      scope,
      userId,
      moderatorId: ban.moderatorId,
      ...(reason === undefined ? {} : { reason }),
      isPermanent: durationMinutes === undefined,
      ...expires,
      createdAt: ban.createdAt.toISOString(),
    };
  }

  /** Lifts every ban of the person that the caller may lift: none of their own, none of a superior's. Throws NOT_FOUND when there is none. */
  unbanUser(actor: Actor, streamId: string, userId: string): Promise<void> {
    return this.#lift(actor, streamId, userId, 'ban');
  }

  /** Who is banned now, for moderators. */
  getBannedUsers(actor: Actor, streamId: string, page: Page): Promise<StreamBan[]> {
    return this.#act(actor, streamId, (tx, desk) => {
      demandModerator(desk);
      return repository.readBans(tx, { channelId: desk.channelId, streamId }, page);
    });
  }

  /** Silences somebody for some seconds, instead of an earlier time-out. */
  async timeoutUser(
    actor: Actor,
    streamId: string,
    request: {
      readonly userId: string;
      readonly durationSeconds: number;
      readonly reason?: string | undefined;
    },
  ): Promise<StreamTimeout> {
    const { userId, durationSeconds, reason } = request;
    const id = v7();
    const timeout = await this.#act(actor, streamId, async (tx, desk) => {
      demand(desk, 'canTimeoutUsers', 'time out');
      await this.#demandAbove(tx, desk, streamId, userId);
      const { channelId } = desk;
      await repository.liftBars(tx, 'timeout', { channelId, streamId, userId, by: desk.userId });
      const written = await repository.writeBar(tx, {
        id,
        channelId,
        streamId,
        userId,
        moderatorId: desk.userId,
        kind: 'timeout',
        reason,
        seconds: durationSeconds,
      });
      const metadata = { durationSeconds };
      await this.#log(tx, desk, { streamId, targetUserId: userId, action: 'timeout', reason, metadata });
      return { moderatorId: desk.userId, channelId, ...written };
    });
    const expiresAt = (timeout.expiresAt ?? timeout.createdAt).toISOString();
    await this.#barred({ channelId: timeout.channelId, streamId, userId, kind: 'timeout', expiresAt });
    return {
      id,
      streamId,
      userId,
      moderatorId: timeout.moderatorId,
      ...(reason === undefined ? {} : { reason }),
      durationSeconds,
      expiresAt,
      createdAt: timeout.createdAt.toISOString(),
    };
  }

  /** Lets somebody write again before their time is over. Throws NOT_FOUND when they are not timed out. */
  removeTimeout(actor: Actor, streamId: string, userId: string): Promise<void> {
    return this.#lift(actor, streamId, userId, 'timeout');
  }

  /** Notes a warning and tells the person nothing by itself. */
  async warnUser(actor: Actor, streamId: string, userId: string, reason?: string): Promise<void> {
    await this.#act(actor, streamId, async (tx, desk) => {
      demandModerator(desk);
      await this.#demandAbove(tx, desk, streamId, userId);
      await this.#log(tx, desk, { streamId, targetUserId: userId, action: 'warn', reason });
    });
  }

  /** Who may write, and how often. */
  async getChatSettings(actor: Actor, streamId: string): Promise<ChatSettings> {
    await this.#mustSee(actor, streamId);
    return toChatSettings(await this.#settings(streamId));
  }

  /** Changes who may write and how often; each setting needs its permission. */
  async changeChatSettings(
    actor: Actor,
    streamId: string,
    change: ChatSettingsChange,
  ): Promise<ChatSettings> {
    const settings = await this.#change(actor, streamId, 'chat_settings', change, (desk, now) => {
      if (change.slowModeSeconds !== undefined) demand(desk, 'canSlowMode', 'change slow mode');
      const mode = modeAfter(now.mode, change);
      if (saysWho(change)) demand(desk, 'canSubscriberOnlyMode', 'change who may chat');
      if (change.minAccountAge !== undefined) demandChannelModerator(desk);
      return {
        mode,
        slowModeSeconds: change.slowModeSeconds ?? now.slowModeSeconds,
        autoMod: withAge(now.autoMod, change.minAccountAge),
      };
    });
    return toChatSettings(settings);
  }

  /** What is checked without a moderator, for moderators. */
  async getAutoModConfig(actor: Actor, streamId: string): Promise<AutoModConfig> {
    await this.#act(actor, streamId, async (_tx, desk) => demandModerator(desk));
    return (await this.#settings(streamId)).autoMod;
  }

  /** Changes what is checked, for owners and the channel's moderators. */
  async configureAutoMod(actor: Actor, streamId: string, change: AutoModChange): Promise<AutoModConfig> {
    const { minAccountAge, ...rest } = change;
    const settings = await this.#change(actor, streamId, 'automod', {}, (desk, now) => {
      demandChannelModerator(desk);
      const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      return { ...now, autoMod: withAge({ ...now.autoMod, ...said }, minAccountAge) };
    });
    return settings.autoMod;
  }

  /** What moderators did, the newest first, for moderators. */
  getModerationLogs(
    actor: Actor,
    streamId: string,
    page: Page & { readonly action?: ModerationAction | undefined },
  ): Promise<ModerationLog[]> {
    return this.#act(actor, streamId, (tx, desk) => {
      demandModerator(desk);
      return repository.readLog(tx, streamId, page);
    });
  }

  async #lift(actor: Actor, streamId: string, userId: string, kind: 'ban' | 'timeout'): Promise<void> {
    const { channelId, scopes } = await this.#act(actor, streamId, async (tx, desk) => {
      demand(
        desk,
        kind === 'ban' ? 'canBanUsers' : 'canTimeoutUsers',
        kind === 'ban' ? 'unban' : 'end time-outs',
      );
      if (userId === desk.userId) throw new StreamUnauthorizedError('You cannot moderate yourself');
      const where = { channelId: desk.channelId, streamId, userId, by: desk.userId };
      const lifted = await repository.liftBars(tx, kind, where);
      if (lifted.length === 0) {
        // Seen, and not lifted: it was placed by somebody above the caller.
        if (await repository.isBarred(tx, kind, where)) {
          throw new StreamUnauthorizedError('Moderators cannot undo what their superiors did');
        }
        throw liveError('NOT_FOUND', kind === 'ban' ? 'User is not banned' : 'User is not timed out');
      }
      const action = kind === 'ban' ? 'unban' : 'untimeout';
      await this.#log(tx, desk, { streamId, targetUserId: userId, action });
      return { channelId: desk.channelId, scopes: lifted };
    });
    const wide = scopes.includes('channel') ? undefined : streamId;
    this.#events.emit('user-barred', { channelId, streamId: wide, userId, kind: 'lifted' });
  }

  async #barred(event: ControlEventMap['user-barred'][0]): Promise<void> {
    this.#events.emit('user-barred', event);
    await this.#settled();
  }

  /** As the service: the policy of streams lets owners alone change them, and blocked words are shown to nobody. */
  async #change(
    actor: Actor,
    streamId: string,
    action: ModerationAction,
    metadata: object,
    next: (desk: Desk, now: repository.ModeratedSettings) => repository.ModeratedSettings,
  ): Promise<repository.ModeratedSettings> {
    const desk = await this.#act(actor, streamId, async (_tx, found) => {
      demandModerator(found);
      return found;
    });
    const settings = await this.#database.asService(async (tx) => {
      const now = await repository.readSettings(tx, streamId);
      if (now === undefined) throw new StreamNotFoundError(streamId);
      const changed = next(desk, now);
      await repository.writeSettings(tx, streamId, changed);
      await this.#log(tx, desk, { streamId, action, metadata: { ...metadata } });
      return changed;
    });
    const changes = { chatMode: settings.mode, slowModeSeconds: settings.slowModeSeconds };
    this.#events.emit('stream-updated', { streamId, changes });
    return settings;
  }

  async #settings(streamId: string): Promise<repository.ModeratedSettings> {
    // As the service, after the caller was let in: the automod column is granted to nobody.
    const settings = await this.#database.asService((tx) => repository.readSettings(tx, streamId));
    if (settings === undefined) throw new StreamNotFoundError(streamId);
    return settings;
  }

  async #mustSee(actor: Actor, streamId: string): Promise<void> {
    const channelId = await this.#database.asUser(actor, (tx) => repository.readChannel(tx, streamId));
    if (channelId === undefined) throw new StreamNotFoundError(streamId);
  }

  /** A transaction under the actor's claims, with what they are in that stream. */
  async #act<T>(actor: Actor, streamId: string, work: (tx: Tx, desk: Desk) => Promise<T>): Promise<T> {
    const { userId } = actor;
    if (userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
    try {
      return await this.#database.asUser(actor, async (tx) => {
        const channelId = await repository.readChannel(tx, streamId);
        if (channelId === undefined) throw new StreamNotFoundError(streamId);
        const authority = await readAuthority(tx, streamId, userId);
        if (authority.isBarred) throw new ViewerBannedError(userId, streamId);
        return work(tx, { userId, channelId, authority });
      });
    } catch (error) {
      if (isForeignKeyViolation(error)) throw liveError('NOT_FOUND', 'There is no such user');
      if (isDenied(error)) throw new StreamUnauthorizedError('You may not do this in this stream');
      throw error;
    }
  }

  async #demandAbove(tx: Tx, desk: Desk, streamId: string, userId: string): Promise<void> {
    if (userId === desk.userId) throw new StreamUnauthorizedError('You cannot moderate yourself');
    const target = await readAuthority(tx, streamId, userId);
    if (isAtLeast(target, 'owner'))
      throw new StreamUnauthorizedError('Owners and broadcasters cannot be moderated');
    if (!isAbove(desk.authority, target)) {
      throw new StreamUnauthorizedError('Moderators cannot act on their equals and superiors');
    }
  }

  #log(tx: Tx, desk: Desk, line: Omit<repository.LogLine, 'moderatorId'>): Promise<void> {
    return repository.writeLog(tx, { ...line, moderatorId: desk.userId });
  }
}

function demand({ authority }: Desk, permission: keyof ModeratorPermissions, verb: string): void {
  if (!mayDo(authority, permission)) throw new StreamUnauthorizedError(`You may not ${verb} in this stream`);
}

function demandModerator({ authority }: Desk): void {
  if (!isAtLeast(authority, 'moderator')) throw new StreamUnauthorizedError('Only moderators may do this');
}

function demandChannelModerator({ authority }: Desk): void {
  if (!isAtLeast(authority, 'channel-moderator')) {
    throw new StreamUnauthorizedError("Only owners and the channel's moderators may do this");
  }
}

function demandOwner({ authority }: Desk): void {
  if (!isAtLeast(authority, 'owner')) throw new StreamUnauthorizedError('Only owners appoint moderators');
}

function saysWho({ mode, followerOnly, subscriberOnly }: ChatSettingsChange): boolean {
  return mode !== undefined || followerOnly !== undefined || subscriberOnly !== undefined;
}

/** `mode` is the plainest word; the two switches are nchat's, and each switches off only itself. */
function modeAfter(now: ChatMode, change: ChatSettingsChange): ChatMode {
  if (change.mode !== undefined) return change.mode;
  if (change.subscriberOnly === true) return 'subscribers';
  if (change.followerOnly === true) return 'followers';
  if (change.subscriberOnly === false && now === 'subscribers') return 'open';
  if (change.followerOnly === false && now === 'followers') return 'open';
  return now;
}

function withAge(config: AutoModConfig, minutes: number | null | undefined): AutoModConfig {
  if (minutes === undefined) return config;
  const { minAccountAge: _, ...rest } = config;
  return minutes === null ? rest : { ...rest, minAccountAge: minutes };
}

function toChatSettings({ mode, slowModeSeconds, autoMod }: repository.ModeratedSettings): ChatSettings {
  return {
    mode,
    slowModeSeconds,
    ...(autoMod.minAccountAge === undefined ? {} : { minAccountAge: autoMod.minAccountAge }),
    followerOnly: mode === 'followers',
    subscriberOnly: mode === 'subscribers',
  };
}
