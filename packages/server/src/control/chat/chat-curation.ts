import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import {
  liveError,
  StreamNotFoundError,
  StreamUnauthorizedError,
  ViewerBannedError,
} from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { ControlEvents } from '../control-events.ts';
import { type Authority, isAbove, mayDo, readAuthority } from '../moderation/authority.ts';
import { writeLog } from '../moderation/moderation-repository.ts';
import type { ChatLimits } from './chat-limits.ts';
import * as repository from './chat-repository.ts';

interface Case {
  readonly userId: string;
  readonly authority: Authority;
  readonly message: StreamChatMessage;
}

/** What becomes of messages after they were said: deleted, pinned, unpinned. Each may be asked for twice without harm. */
export class ChatCuration {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #maxPinned: number;

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    readonly limits: Pick<ChatLimits, 'maxPinned'>;
  }) {
    this.#database = options.database;
    this.#events = options.events;
    this.#maxPinned = options.limits.maxPinned;
  }

  /** The pinned messages, the newest pin first. Throws StreamNotFoundError. */
  pinned(actor: Actor, streamId: string): Promise<readonly StreamChatMessage[]> {
    return this.#database.asUser(actor, async (tx) => {
      if ((await repository.readPosition(tx, streamId)) === undefined)
        throw new StreamNotFoundError(streamId);
      return repository.readPinned(tx, streamId);
    });
  }

  /** Deletes a message, for its author, and for moderators who may delete and stand above its author. */
  async delete(actor: Actor, streamId: string, messageId: string, reason?: string): Promise<void> {
    const isNews = await this.#database.asUser(actor, async (tx) => {
      const { userId, authority, message } = await this.#case(tx, actor, streamId, messageId);
      const isAuthor = message.userId === userId;
      if (!isAuthor) {
        demandFree(userId, streamId, authority);
        demand(mayDo(authority, 'canDeleteMessages'), 'Only moderators may delete messages of others');
        const ofAuthor = await readAuthority(tx, streamId, message.userId);
        demand(isAbove(authority, ofAuthor), 'Messages of owners, and of other moderators, stay');
      }
      const isDeleted = await repository.markDeleted(tx, messageId, userId);
      if (isDeleted && !isAuthor) {
        await writeLog(tx, {
          streamId,
          moderatorId: userId,
          targetUserId: message.userId,
          action: 'delete_message',
          reason,
          metadata: { messageId },
        });
      }
      return isDeleted ? userId : undefined;
    });
    if (isNews !== undefined) this.#events.emit('chat-deleted', { streamId, messageId, deletedBy: isNews });
  }

  /** Pins a message, for moderators who may. Throws CONFLICT when as many are pinned as may be. */
  async pin(actor: Actor, streamId: string, messageId: string): Promise<void> {
    const pinned = await this.#database.asUser(actor, async (tx) => {
      const { userId, authority, message } = await this.#case(tx, actor, streamId, messageId);
      demandFree(userId, streamId, authority);
      demand(mayDo(authority, 'canPinMessages'), 'Only moderators may pin messages');
      if (message.isDeleted) throw liveError('NOT_FOUND', `message ${messageId} was deleted`);
      const maxPinned = this.#maxPinned;
      const outcome = await repository.pinMessage(tx, { streamId, messageId, userId, maxPinned });
      if (outcome === 'full') throw liveError('CONFLICT', `at most ${maxPinned} messages can be pinned`);
      if (outcome === 'before') return undefined;
      await writeLog(tx, { streamId, moderatorId: userId, action: 'pin_message', metadata: { messageId } });
      return { ...message, isPinned: true };
    });
    if (pinned !== undefined) this.#events.emit('chat-pinned', { streamId, message: pinned });
  }

  /** Takes a pin off, for moderators who may pin. */
  async unpin(actor: Actor, streamId: string, messageId: string): Promise<void> {
    const isNews = await this.#database.asUser(actor, async (tx) => {
      const { userId, authority } = await this.#case(tx, actor, streamId, messageId);
      demandFree(userId, streamId, authority);
      demand(mayDo(authority, 'canPinMessages'), 'Only moderators may take pins off');
      if (!(await repository.unpinMessage(tx, messageId))) return false;
      await writeLog(tx, { streamId, moderatorId: userId, action: 'unpin_message', metadata: { messageId } });
      return true;
    });
    if (isNews) this.#events.emit('chat-unpinned', { streamId, messageId });
  }

  async #case(tx: Tx, actor: Actor, streamId: string, messageId: string): Promise<Case> {
    if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
    const message = await repository.readMessage(tx, streamId, messageId);
    if (message === undefined) throw liveError('NOT_FOUND', `Message not found: ${messageId}`);
    return {
      userId: actor.userId,
      authority: await readAuthority(tx, streamId, actor.userId),
      message,
    };
  }
}

/** Who is banned or timed out keeps no order meanwhile. */
function demandFree(userId: string, streamId: string, { isBarred }: Authority): void {
  if (isBarred) throw new ViewerBannedError(userId, streamId);
}

function demand(isAllowed: boolean, message: string): void {
  if (!isAllowed) throw new StreamUnauthorizedError(message);
}
