import { EventEmitter } from 'node:events';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import type {
  StreamChatMessage,
  StreamQuestion,
  StreamReaction,
} from '@tallylight/protocol/entities/talk.ts';
import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';

/** What happened in the control plane, told after it was committed. The realtime server and other features listen. */
export interface ControlEventMap {
  'stream-created': [{ readonly stream: Stream }];
  'stream-live': [{ readonly stream: Stream }];
  'stream-ended': [{ readonly streamId: string; readonly reason: string }];
  'stream-updated': [{ readonly streamId: string; readonly changes: Partial<Stream> }];
  'stream-deleted': [{ readonly streamId: string }];
  'stream-error': [{ readonly streamId: string; readonly code: string; readonly error: string }];
  'chat-message': [StreamChatMessage];
  'chat-deleted': [{ readonly streamId: string; readonly messageId: string; readonly deletedBy: string }];
  'chat-pinned': [{ readonly streamId: string; readonly message: StreamChatMessage }];
  'chat-unpinned': [{ readonly streamId: string; readonly messageId: string }];
  reaction: [StreamReaction];
  'question-asked': [StreamQuestion];
  'question-updated': [StreamQuestion];
  /** `streamId` undefined: every stream of the channel. */
  'user-barred': [
    {
      readonly channelId: string;
      readonly streamId: string | undefined;
      readonly userId: string;
      readonly kind: 'ban' | 'timeout' | 'lifted';
      readonly expiresAt?: string;
    },
  ];
  /** Signed out, disabled, another role: open sockets must be asked again. */
  'access-changed': [{ readonly userId: string; readonly sessionId?: string }];
  /** A channel became private or public, said by the database alone: its streams are to be asked for again. */
  'channel-changed': [{ readonly channelId: string }];
  /** A stream key was revoked or deleted, or expires at another time, said by the database alone. */
  'key-changed': [{ readonly keyId: string }];
  /** What changed for whom was not heard for a while: everything that is remembered of rights is to be asked for again. */
  'access-missed': [];
  'viewer-joined': [{ readonly streamId: string; readonly viewerId: string }];
  'viewer-left': [{ readonly streamId: string; readonly viewerId: string }];
  'quality-metrics': [StreamQualityMetrics];
  /** For one person, not for a room. */
  notification: [{ readonly userId: string; readonly streamId: string; readonly kind: string }];
}

/** The bus of {@link ControlEventMap}. A listener that throws is a bug of the listener and must not stop the others. */
export class ControlEvents extends EventEmitter<ControlEventMap> {
  constructor() {
    super();
    this.setMaxListeners(50);
  }
}
