import { LivestreamService } from '../../../packages/client/src/api/livestream-service.ts';
import { LivestreamModerationService } from '../../../packages/client/src/api/moderation-service.ts';
import { StreamManager } from '../../../packages/client/src/api/stream-manager.ts';

/** Classes of §2.3, §7.1 and §7.2 with their methods. */
export const CONTRACT_CLASSES: readonly (readonly [name: string, prototype: object, methods: string])[] = [
  [
    'StreamManager',
    StreamManager.prototype,
    'createStream getStream updateStream deleteStream startStream endStream cancelStream getLiveStreams getScheduledStreams ' +
      'getPastStreams getUserStreams getViewerCount getHlsManifestUrl regenerateStreamKey isStreamLive isStreamScheduled ' +
      'hasStreamEnded getStreamDuration formatDuration',
  ],
  [
    'LivestreamService',
    LivestreamService.prototype,
    'createStream getStream updateStream deleteStream startStream endStream cancelStream getLiveStreams getScheduledStreams ' +
      'getPastStreams getBroadcasterStreams joinStream leaveStream getViewerCount getViewers updateViewerQuality ' +
      'regenerateStreamKey validateStreamKey switchSource configureMultiSource isBroadcaster isLive getStreamDuration formatDuration',
  ],
  [
    // Not `isUserTimedOut`: nobody is told of one person's time-out but that person and moderators, by `stream:user-banned`.
    'LivestreamModerationService',
    LivestreamModerationService.prototype,
    'addModerator removeModerator getModerators isModerator getModeratorPermissions banUser unbanUser getBannedUsers isUserBanned ' +
      'timeoutUser removeTimeout setChatMode setSlowMode setSubscriberOnlyMode setFollowerOnlyMode getChatSettings configureAutoMod ' +
      'getAutoModConfig checkMessage getModerationLogs cleanupStream',
  ],
];
