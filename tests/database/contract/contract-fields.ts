import type { z } from 'zod';
import {
  autoModConfig,
  chatSettings,
  moderationLog,
  moderatorPermissions,
  streamBan,
  streamModerator,
  streamTimeout,
} from '../../../packages/protocol/src/entities/moderation.ts';
import {
  createStreamInput,
  stream,
  updateStreamInput,
} from '../../../packages/protocol/src/entities/stream.ts';
import { chatMessage, reaction, reactionBurst } from '../../../packages/protocol/src/entities/talk.ts';
import { qualityMetrics, viewerSession } from '../../../packages/protocol/src/entities/viewing.ts';

const streamFields =
  'id channelId broadcasterId title description thumbnailUrl scheduledAt startedAt endedAt status streamKey ingestUrl hlsManifestUrl ' +
  'maxResolution bitrateKbps fps isRecorded recordingUrl recordingDurationSeconds peakViewerCount totalViewCount totalChatMessages ' +
  'totalReactions enableChat enableReactions enableQa chatMode tags language createdAt updatedAt ' +
  // LiveStreamSummary, and what nchat's services add.
  'currentViewers dashManifestUrl currentViewerCount slowModeSeconds';
const settings =
  'title description thumbnailUrl scheduledAt maxResolution enableChat enableReactions enableQa chatMode tags bitrateKbps fps';

/** Types of §1 and §7 with their fields, and the schema that stands for each. */
export const CONTRACT_TYPES: readonly (readonly [name: string, schema: z.ZodObject, fields: string])[] = [
  ['Stream', stream, streamFields],
  ['CreateStreamInput', createStreamInput, `channelId ${settings} isRecorded language`],
  ['UpdateStreamInput', updateStreamInput, `${settings} slowModeSeconds`],
  [
    'StreamViewer',
    viewerSession,
    'id streamId userId sessionId joinedAt leftAt totalWatchTimeSeconds selectedQuality sentChatMessages sentReactions updatedAt ' +
      'country device browser os isActive',
  ],
  [
    'StreamQualityMetrics',
    qualityMetrics,
    'id streamId recordedAt currentViewerCount concurrentConnections bitrateKbps fps resolution droppedFrames uploadBitrateKbps ' +
      'latencyMs packetLossPercent healthScore',
  ],
  [
    'StreamChatMessage',
    chatMessage,
    'id streamId userId content isPinned isDeleted deletedAt deletedBy createdAt user isHighlighted',
  ],
  ['StreamReaction', reaction, 'id streamId userId emoji positionX positionY createdAt user reactionType'],
  ['ReactionBurst', reactionBurst, 'emoji count startTime endTime'],
  [
    'ModeratorPermissions',
    moderatorPermissions,
    'canDeleteMessages canTimeoutUsers canBanUsers canSlowMode canSubscriberOnlyMode canPinMessages',
  ],
  [
    'AutoModConfig',
    autoModConfig,
    'enabled profanityFilter spamDetection linkBlocking capsLimit emoteLimit duplicateDetection minAccountAge blockedWords allowedLinks',
  ],
  ['ModerationLog', moderationLog, 'id streamId moderatorId targetUserId action reason metadata createdAt'],
  ['StreamBan', streamBan, 'id streamId userId moderatorId reason isPermanent expiresAt createdAt user'],
  ['StreamTimeout', streamTimeout, 'id streamId userId moderatorId reason durationSeconds expiresAt'],
  ['StreamModerator', streamModerator, 'id streamId userId addedBy addedAt permissions user'],
  ['ChatSettings', chatSettings, 'mode slowModeSeconds minAccountAge followerOnly subscriberOnly'],
];

/** Fields of the contract that are given to nobody: §6.2 names viewers' addresses as a leak. */
export const WITHHELD: Readonly<Record<string, readonly string[]>> = {
  StreamViewer: ['ipAddress', 'userAgent'],
};
