import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { LIVE_EVENTS, SOCKET_EVENTS } from '@tallylight/protocol/realtime/event-names.ts';
import type { ControlEventMap, ControlEvents } from '../control/control-events.ts';
import type { Rooms } from './rooms.ts';

type Listeners = { readonly [E in keyof ControlEventMap]?: (...told: ControlEventMap[E]) => void };

/** What only the owner may see of a stream, whatever was changed. */
const SECRETS: ReadonlySet<string> = new Set(['streamKey', 'ingestUrl', 'whipUrl']);

/** Tells rooms what happened in the control plane. Returns the way to stop that. */
export function broadcastControlEvents(events: ControlEvents, rooms: Rooms): () => void {
  const listeners: Listeners = {
    'stream-live': ({ stream }) => {
      rooms.tell(stream.id, SOCKET_EVENTS.STREAM_START, {
        streamId: stream.id,
        hlsManifestUrl: stream.hlsManifestUrl ?? '',
      });
      rooms.tellChannel(stream.id, 'stream:started', { streamId: stream.id, hostId: stream.broadcasterId });
    },
    'stream-ended': ({ streamId, reason }) => {
      rooms.tell(streamId, SOCKET_EVENTS.STREAM_END, { streamId, reason });
      rooms.tellChannel(streamId, 'stream:ended', { streamId, stats: {} });
    },
    'stream-updated': ({ streamId, changes }) =>
      rooms.tell(streamId, LIVE_EVENTS.UPDATED, { streamId, stream: withoutSecrets(changes) }),
    'stream-error': ({ streamId, code, error }) =>
      rooms.tell(streamId, SOCKET_EVENTS.STREAM_ERROR, { streamId, error, code }),
    'chat-message': (message) => {
      rooms.tell(message.streamId, SOCKET_EVENTS.STREAM_CHAT_MESSAGE, message);
      rooms.tellChannel(message.streamId, 'stream:chat', pageMessage(message));
    },
    'chat-deleted': (deleted) => rooms.tell(deleted.streamId, SOCKET_EVENTS.STREAM_CHAT_DELETED, deleted),
    'chat-pinned': ({ streamId, message }) =>
      rooms.tell(streamId, SOCKET_EVENTS.STREAM_CHAT_PINNED, { streamId, messageId: message.id, message }),
    'chat-unpinned': (unpinned) => rooms.tell(unpinned.streamId, LIVE_EVENTS.CHAT_UNPINNED, unpinned),
    reaction: (reaction) => rooms.reacted(reaction),
    'question-asked': (question) => rooms.tell(question.streamId, LIVE_EVENTS.QUESTION_ASKED, question),
    'question-updated': (question) => rooms.tell(question.streamId, LIVE_EVENTS.QUESTION_UPDATED, question),
    'viewer-joined': ({ streamId, viewerId }) => rooms.viewerJoined(streamId, viewerId),
    'viewer-left': ({ streamId, viewerId }) => rooms.viewerLeft(streamId, viewerId),
    notification: ({ userId, streamId, kind }) =>
      rooms.tellPerson(userId, LIVE_EVENTS.NOTIFICATION, { streamId, kind }),
    'quality-metrics': (metrics) =>
      rooms.tellModerators(metrics.streamId, SOCKET_EVENTS.STREAM_QUALITY_UPDATE, metrics),
  };
  const entries = Object.entries(listeners) as [keyof ControlEventMap, (told: never) => void][];
  for (const [event, listener] of entries) events.on(event, listener as () => void);
  return () => {
    for (const [event, listener] of entries) events.off(event, listener as () => void);
  };
}

function withoutSecrets(changes: Partial<Stream>): Partial<Stream> {
  return Object.fromEntries(Object.entries(changes).filter(([name]) => !SECRETS.has(name)));
}

/** A message as nchat's stream page reads it. */
function pageMessage({ id, streamId, userId, content, createdAt, user }: StreamChatMessage): object {
  return {
    id,
    streamId,
    userId,
    userName: user?.displayName ?? user?.username ?? 'Guest',
    ...(user?.avatarUrl === undefined ? {} : { userAvatarUrl: user.avatarUrl }),
    message: content,
    timestamp: createdAt,
  };
}
