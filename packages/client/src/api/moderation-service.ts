import type {
  AutoModChange,
  AutoModConfig,
  ChatSettings,
  MessageVerdict,
  ModerationAction,
  ModerationLog,
  ModeratorPermissions,
  StreamBan,
  StreamModerator,
  StreamTimeout,
} from '@tallylight/protocol/entities/moderation.ts';
import type { ChatMode } from '@tallylight/protocol/entities/stream.ts';
import { LivestreamError } from '@tallylight/protocol/errors.ts';
import type { ApiClient, ApiClientOptions } from './api-client.ts';
import { clientAt } from './stream-manager.ts';

/** Where the API is. */
export interface ModerationServiceConfig {
  /** Default `/api/streams`. */
  readonly apiBaseUrl?: string;
  /** How calls are made, beside the address. */
  readonly client?: Omit<ApiClientOptions, 'address' | 'baseUrl'>;
}

/**
 * nchat's service of moderation over the API. Who acts is what the session proves: the ids of moderators that nchat's callers give are
 * not sent. All rules are the server's.
 */
export class LivestreamModerationService {
  readonly #client: ApiClient;

  constructor(config: ModerationServiceConfig = {}) {
    this.#client = clientAt(config.apiBaseUrl, config.client);
  }

  /** Makes somebody moderator. Rejects with `User is already a moderator`. */
  addModerator(
    streamId: string,
    userId: string,
    _addedBy?: string,
    permissions?: Partial<ModeratorPermissions>,
  ): Promise<StreamModerator> {
    const call = this.#client.call('POST /api/streams/:id/moderators', {
      params: { id: streamId },
      body: { userId, ...(permissions === undefined ? {} : { permissions }) },
    });
    return conflictSays('User is already a moderator', call);
  }

  /** Takes it back. */
  async removeModerator(streamId: string, userId: string, _removedBy?: string): Promise<void> {
    await this.#client.call('DELETE /api/streams/:id/moderators/:userId', {
      params: { id: streamId, userId },
    });
  }

  /** The stream's moderators. */
  getModerators(streamId: string): Promise<StreamModerator[]> {
    return this.#client.call('GET /api/streams/:id/moderators', { params: { id: streamId } });
  }

  /** True for one of the stream's moderators. */
  async isModerator(streamId: string, userId: string): Promise<boolean> {
    return (await this.getModeratorPermissions(streamId, userId)) !== null;
  }

  /** What a moderator may do; null for who is none. */
  async getModeratorPermissions(streamId: string, userId: string): Promise<ModeratorPermissions | null> {
    const moderators = await this.getModerators(streamId);
    return moderators.find((moderator) => moderator.userId === userId)?.permissions ?? null;
  }

  /** Bans somebody: for ever, or for some minutes. Rejects with `User is already banned`. */
  banUser(
    streamId: string,
    targetUserId: string,
    _moderatorId?: string,
    reason?: string,
    isPermanent = true,
    durationMinutes = 60,
  ): Promise<StreamBan> {
    const call = this.#client.call('POST /api/streams/:id/bans', {
      params: { id: streamId },
      body: {
        userId: targetUserId,
        ...(reason === undefined ? {} : { reason }),
        ...(isPermanent ? {} : { durationMinutes }),
      },
    });
    return conflictSays('User is already banned', call);
  }

  /** Lifts a ban. */
  async unbanUser(streamId: string, targetUserId: string, _moderatorId?: string): Promise<void> {
    await this.#client.call('DELETE /api/streams/:id/bans/:userId', {
      params: { id: streamId, userId: targetUserId },
    });
  }

  /** Who is banned now: the first hundred. */
  getBannedUsers(streamId: string): Promise<StreamBan[]> {
    return this.#client.call('GET /api/streams/:id/bans', {
      params: { id: streamId },
      query: { limit: 100 },
    });
  }

  /** True for who is banned now. */
  async isUserBanned(streamId: string, userId: string): Promise<boolean> {
    for (let offset = 0; ; offset += 100) {
      const bans = await this.#client.call('GET /api/streams/:id/bans', {
        params: { id: streamId },
        query: { limit: 100, offset },
      });
      if (bans.some((ban) => ban.userId === userId)) return true;
      if (bans.length < 100) return false;
    }
  }

  /** Silences somebody for some seconds. */
  timeoutUser(
    streamId: string,
    targetUserId: string,
    _moderatorId: string | undefined,
    durationSeconds: number,
    reason?: string,
  ): Promise<StreamTimeout> {
    return this.#client.call('POST /api/streams/:id/timeouts', {
      params: { id: streamId },
      body: { userId: targetUserId, durationSeconds, ...(reason === undefined ? {} : { reason }) },
    });
  }

  /** Lets somebody write again before their time is over. */
  async removeTimeout(streamId: string, targetUserId: string, _moderatorId?: string): Promise<void> {
    await this.#client.call('DELETE /api/streams/:id/timeouts/:userId', {
      params: { id: streamId, userId: targetUserId },
    });
  }

  /** Changes who may write. */
  setChatMode(streamId: string, mode: ChatMode, _moderatorId?: string): Promise<ChatSettings> {
    return this.#change(streamId, { mode });
  }

  /** Changes how long one waits between two messages; 0: off. */
  setSlowMode(streamId: string, seconds: number, _moderatorId?: string): Promise<ChatSettings> {
    return this.#change(streamId, { slowModeSeconds: seconds });
  }

  /** Lets subscribers alone write, or everybody again. */
  setSubscriberOnlyMode(streamId: string, enabled: boolean, _moderatorId?: string): Promise<ChatSettings> {
    return this.#change(streamId, { subscriberOnly: enabled });
  }

  /** Lets followers alone write, or everybody again. */
  setFollowerOnlyMode(streamId: string, enabled: boolean, _moderatorId?: string): Promise<ChatSettings> {
    return this.#change(streamId, { followerOnly: enabled });
  }

  /** Who may write, and how often. */
  getChatSettings(streamId: string): Promise<ChatSettings> {
    return this.#client.call('GET /api/streams/:id/chat/settings', { params: { id: streamId } });
  }

  /** Changes what is checked without a moderator. */
  configureAutoMod(streamId: string, change: AutoModChange, _moderatorId?: string): Promise<AutoModConfig> {
    return this.#client.call('PATCH /api/streams/:id/automod', { params: { id: streamId }, body: change });
  }

  /** What is checked without a moderator. */
  getAutoModConfig(streamId: string): Promise<AutoModConfig> {
    return this.#client.call('GET /api/streams/:id/automod', { params: { id: streamId } });
  }

  /** Whether the chat would take this message of the caller now; another `userId` is not asked about. */
  checkMessage(streamId: string, _userId: string | undefined, content: string): Promise<MessageVerdict> {
    return this.#client.call('POST /api/streams/:id/automod/check', {
      params: { id: streamId },
      body: { content },
    });
  }

  /** What moderators did, the newest first. */
  getModerationLogs(
    streamId: string,
    options: { readonly limit?: number; readonly offset?: number; readonly action?: ModerationAction } = {},
  ): Promise<ModerationLog[]> {
    return this.#client.call('GET /api/streams/:id/moderation/log', {
      params: { id: streamId },
      query: { limit: 100, ...options },
    });
  }

  /** Nothing is kept here. */
  cleanupStream(_streamId: string): void {}

  #change(
    streamId: string,
    body: { mode?: ChatMode; slowModeSeconds?: number; followerOnly?: boolean; subscriberOnly?: boolean },
  ): Promise<ChatSettings> {
    return this.#client.call('PATCH /api/streams/:id/chat/settings', { params: { id: streamId }, body });
  }
}

/** nchat's words where something is so already. */
async function conflictSays<T>(message: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof LivestreamError && error.code === 'CONFLICT') error.message = message;
    throw error;
  }
}

/** Makes a service. */
export function createModerationService(config?: ModerationServiceConfig): LivestreamModerationService {
  return new LivestreamModerationService(config);
}

/** The page's one service: nchat's callers share it. */
let shared: LivestreamModerationService | undefined;

/** The page's one service, made at the first call; a later configuration makes it anew. */
export function getModerationService(config?: ModerationServiceConfig): LivestreamModerationService {
  if (shared === undefined || config !== undefined) shared = new LivestreamModerationService(config);
  return shared;
}
