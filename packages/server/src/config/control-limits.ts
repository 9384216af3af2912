import type { ControlLimits } from '../assembly/control-limits.ts';
import type { SettingValues } from './read-settings.ts';

/** The limits of the control plane, feature by feature. */
export function controlLimits(values: SettingValues): ControlLimits {
  return {
    accounts: {
      loginPerAccountPerMinute: values.signInsPerAccount,
      loginPerAddressPerMinute: values.signInsPerAddress,
      resetPerHour: values.passwordResetsPerHour,
      signUpPerAddressPerHour: values.signUpsPerAddress,
      guestsPerAddressPerHour: values.guestsPerAddress,
      apiTokensPerUser: values.apiTokensPerUser,
      sessionDays: values.sessionDays,
      stepUpSeconds: values.stepUpSec,
    },
    api: {
      maxBodyBytes: values.apiMaxBodyBytes,
      maxUploadBytes: values.apiMaxUploadBytes,
      maxQueryParameters: values.apiMaxQueryParameters,
      userRequestsPerMinute: values.apiRequestsPerMinute,
      anonymousRequestsPerMinute: values.apiAnonymousRequestsPerMinute,
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
    },
    watching: {
      tokenLifeMs: values.watchTokenSec * 1000,
    },
  };
}
