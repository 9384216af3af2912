import type { StreamSocketEvents } from '../../../packages/protocol/src/realtime/server-events.ts';

/** Names of §5 under their constants. */
export const CONTRACT_EVENTS: Readonly<Record<string, string>> = {
  STREAM_START: 'stream:start',
  STREAM_END: 'stream:end',
  STREAM_QUALITY_UPDATE: 'stream:quality-update',
  STREAM_VIEWER_JOINED: 'stream:viewer-joined',
  STREAM_VIEWER_LEFT: 'stream:viewer-left',
  STREAM_VIEWER_COUNT: 'stream:viewer-count',
  STREAM_CHAT_MESSAGE: 'stream:chat-message',
  STREAM_CHAT_DELETED: 'stream:chat-deleted',
  STREAM_CHAT_PINNED: 'stream:chat-pinned',
  STREAM_REACTION: 'stream:reaction',
  STREAM_ERROR: 'stream:error',
};

/** Payloads of §5, with the `streamId` that the contract adds. */
export interface ContractPayloads {
  'stream:start': { streamId: string; hlsManifestUrl: string };
  'stream:end': { streamId: string; reason: string };
  'stream:quality-update': {
    streamId: string;
    recordedAt: string;
    currentViewerCount: number;
    droppedFrames: number;
  };
  'stream:viewer-joined': { streamId: string; viewerId: string; viewerCount: number };
  'stream:viewer-left': { streamId: string; viewerId: string; viewerCount: number };
  'stream:viewer-count': { streamId: string; count: number };
  'stream:chat-message': {
    id: string;
    streamId: string;
    content: string;
    isPinned: boolean;
    isDeleted: boolean;
    createdAt: string;
  };
  'stream:chat-deleted': { streamId: string; messageId: string };
  'stream:chat-pinned': { streamId: string; messageId: string };
  'stream:reaction': { id: string; streamId: string; emoji: string; createdAt: string };
  'stream:error': { streamId: string; error: string };
}

/** The compiler refuses this when an event is missing, or lacks a member that the contract has. */
export type PayloadsHold = StreamSocketEvents extends ContractPayloads ? true : never;
/** See {@link PayloadsHold}. */
export const payloadsHold: PayloadsHold = true;
