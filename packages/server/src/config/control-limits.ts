import type { ControlLimits } from '../assembly/control-limits.ts';
import type { SettingValues } from './read-settings.ts';

/** The limits of the control plane, feature by feature. */
export function controlLimits(values: SettingValues): ControlLimits {
  return {
    accounts: {
      loginPerAccountPerMinute: values.signInsPerAccount,
      loginPerAddressPerMinute: values.signInsPerAddress,
      resetPerHour: values.passwordResetsPerHour,
      otherPerAddressPerMinute: values.authRequestsPerAddress,
      bodyBytes: values.authMaxBodyBytes,
      signUpPerAddressPerHour: values.signUpsPerAddress,
      guestsPerAddressPerHour: values.guestsPerAddress,
      apiTokensPerUser: values.apiTokensPerUser,
      sessionDays: values.sessionDays,
      stepUpSeconds: values.stepUpSec,
    },
    api: {
      maxBodyBytes: values.apiMaxBodyBytes,
      maxAuthBodyBytes: values.authMaxBodyBytes,
      maxUploadBytes: values.apiMaxUploadBytes,
      bodyTimeoutMs: values.apiBodyTimeoutSec * 1000,
      maxJsonDepth: values.apiMaxJsonDepth,
      maxQueryParameters: values.apiMaxQueryParameters,
      userRequestsPerMinute: values.apiRequestsPerMinute,
      anonymousRequestsPerMinute: values.apiAnonymousRequestsPerMinute,
      badTokensPerMinute: values.apiBadTokensPerMinute,
      exemptLoopback: !values.limitLoopback,
      stepUpMs: values.stepUpSec * 1000,
    },
    channels: {
      perUser: values.channelsPerUser,
      members: values.membersPerChannel,
    },
    chat: {
      userPerSec: values.chatMessagesPerSecond,
      userBurst: values.chatBurst,
      roomPerSec: values.chatRoomMessagesPerSecond,
      queuePerRoom: values.chatQueuePerRoom,
      queueTotal: values.chatQueue,
      maxPinned: values.chatPinned,
      waitingRoomMinutes: values.chatWaitingRoomMin,
      linksAfterHours: values.chatLinksAfterHours,
    },
    follows: {
      perUser: values.followsPerUser,
    },
    notifications: {
      reminders: values.remindersPerUser,
      keepDays: values.notificationDays,
    },
    questions: {
      perMinute: values.questionsPerMinute,
      openPerUser: values.openQuestionsPerUser,
    },
    reactions: {
      perSecond: values.reactionsPerSecond,
    },
    realtime: {
      sockets: values.sockets,
      socketsPerAddress: values.socketsPerAddress,
      eventsPerSecond: values.socketEventsPerSecond,
      framesPerSecond: values.socketFramesPerSecond,
      frameBytes: values.socketMaxFrameBytes,
      sendBufferBytes: values.socketMaxUnsentBytes,
      exemptLoopback: !values.limitLoopback,
    },
    streams: {
      maxUnfinishedPerBroadcaster: values.streamsPerBroadcaster,
    },
    thumbnails: {
      maxPixels: values.thumbnailMaxPixels,
    },
    viewers: {
      sessions: values.viewerSessions,
      sessionsPerAddress: values.viewerSessionsPerAddress,
      newSessionsBurst: values.viewerSessionsBurst,
      newSessionsPerSec: values.viewerSessionsPerSecond,
      exemptLoopback: !values.limitLoopback,
    },
    watching: {
      tokenLifeMs: values.watchTokenSec * 1000,
    },
  };
}
