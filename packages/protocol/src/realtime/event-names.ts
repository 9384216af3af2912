/** Names of nchat's stream events, under its constants. */
export const SOCKET_EVENTS = {
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
} as const;

/** Events beyond nchat's. */
export const LIVE_EVENTS = {
  CHAT_UNPINNED: 'stream:chat-unpinned',
  REACTION_BURST: 'stream:reaction-burst',
  UPDATED: 'stream:updated',
  QUESTION_ASKED: 'stream:question-asked',
  QUESTION_UPDATED: 'stream:question-updated',
  USER_BANNED: 'stream:user-banned',
  NOTIFICATION: 'stream:notification',
} as const;
