import { type Accounts, type AccountsOptions, openAccounts } from '../control/accounts/accounts.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from '../control/accounts/accounts-limits.ts';
import { ChannelService } from '../control/channels/service.ts';
import { ChatCuration } from '../control/chat/chat-curation.ts';
import { DEFAULT_CHAT_LIMITS } from '../control/chat/chat-limits.ts';
import { ChatService } from '../control/chat/chat-service.ts';
import { ControlEvents } from '../control/control-events.ts';
import { FollowService } from '../control/follows/service.ts';
import { AnswerRepository } from '../control/idempotency/answer-repository.ts';
import { DatabasePublishAuthorizer } from '../control/keys/database-publish-authorizer.ts';
import type { KeyRing } from '../control/keys/key-ring.ts';
import { StreamKeys } from '../control/keys/stream-keys.ts';
import type { LivePort } from '../control/live-port.ts';
import { ModerationService } from '../control/moderation/moderation-service.ts';
import { NotificationService } from '../control/notifications/service.ts';
import { QuestionService } from '../control/questions/service.ts';
import { ReactionService } from '../control/reactions/service.ts';
import { StreamSchedule } from '../control/streams/schedule/stream-schedule.ts';
import { StreamService } from '../control/streams/service.ts';
import { StreamAccess } from '../control/streams/stream-access.ts';
import { StreamLife } from '../control/streams/stream-life.ts';
import { StreamMapper } from '../control/streams/stream-mapper.ts';
import { PictureMaker } from '../control/streams/thumbnails/picture-maker.ts';
import { StreamThumbnails } from '../control/streams/thumbnails/stream-thumbnails.ts';
import { SubscriptionService } from '../control/subscriptions/service.ts';
import { AnalyticsService } from '../control/telemetry/analytics-service.ts';
import { TelemetryService } from '../control/telemetry/telemetry-service.ts';
import { Countries } from '../control/viewers/countries.ts';
import { Devices } from '../control/viewers/devices.ts';
import { ViewerService } from '../control/viewers/viewer-service.ts';
import { ManagedStreams } from '../control/watching/managed-streams.ts';
import { WatchAccess } from '../control/watching/watch-access.ts';
import type { Database } from '../db/database.ts';
import type { ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlLimits } from './control-limits.ts';

/** Where the world reaches this server. */
export interface ControlUrls {
  /** Of the web server, without a slash at its end. */
  readonly publicUrl: string;
  /** RTMP server for encoders, without the key. */
  readonly ingestUrl: string;
}

/** What the services of the control plane are made of. */
export interface ControlServicesOptions {
  /** Migrated. */
  readonly database: Database;
  readonly live: LivePort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: KeyRing;
  readonly urls: ControlUrls;
  readonly accounts: Pick<AccountsOptions, 'trustedOrigins' | 'signUp' | 'hostApp' | 'oidc' | 'mail'>;
  /** For streams without a window of their own, in milliseconds. */
  readonly reconnectWindowMs: number;
  /** Where pictures are made. */
  readonly children: ChildProcesses;
  readonly limits: ControlLimits;
}

/** Every service of the control plane, open. */
export type ControlServices = Awaited<ReturnType<typeof openControlServices>>;

/** Builds every service on a database that is there. Rejects, with nothing left open, when one cannot begin. */
export async function openControlServices(options: ControlServicesOptions) {
  const lifecycle = new Lifecycle(options.log);
  try {
    return await build(options, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function build(options: ControlServicesOptions, lifecycle: Lifecycle) {
  const { database, live, clock, log, ring, urls, limits } = options;
  const events = new ControlEvents();
  const shared = { database, events, clock, log };
  const accounts = lifecycle.own(
    'accounts',
    await openAccounts({
      ...shared,
      ...options.accounts,
      masterKey: ring.derive('accounts'),
      publicUrl: urls.publicUrl,
      limits: { ...DEFAULT_ACCOUNTS_LIMITS, ...limits.accounts },
    }),
  );
  const streams = streamServices(options, events, lifecycle);

  const chatLimits = { ...DEFAULT_CHAT_LIMITS, ...limits.chat };
  const chat = lifecycle.own('chat', new ChatService({ ...shared, limits: chatLimits }));
  const curation = new ChatCuration({ database, events, limits: chatLimits });
  const moderation = new ModerationService({ database, events, settled: () => chat.settled() });

  const viewers = new ViewerService({
    ...shared,
    countries: await Countries.open(),
    devices: new Devices(),
    // A playlist that stands still is not watched.
    isLive: (streamId) => live.figures(streamId)?.publishing === true,
    ...(limits.viewers === undefined ? {} : { limits: limits.viewers }),
  });
  lifecycle.own('viewers', { close: () => viewers.stop() });
  const telemetry = new TelemetryService({
    ...shared,
    ...{ live, viewers },
    ...(limits.telemetry === undefined ? {} : { limits: limits.telemetry }),
  });
  lifecycle.own('telemetry', { close: () => telemetry.stop() });
  const reactions = lifecycle.own(
    'reactions',
    new ReactionService({
      ...shared,
      ...(limits.reactions === undefined ? {} : { limits: limits.reactions }),
    }),
  );
  const notifications = lifecycle.own(
    'notifications',
    new NotificationService({
      ...shared,
      mailer: accounts.mailer(),
      watchUrl: (streamId) => streams.mapper.pageUrl(streamId),
      ...(limits.notifications === undefined ? {} : { limits: limits.notifications }),
    }),
  );
  await Promise.all([chat.start(), viewers.start()]);
  telemetry.start();
  notifications.start();
  streams.life.open();
  return {
    ...{ events, accounts, chat, curation, moderation, viewers, telemetry, reactions, notifications },
    ...streams,
    analytics: new AnalyticsService({ database, clock, viewers }),
    questions: new QuestionService({
      ...shared,
      ...(limits.questions === undefined ? {} : { limits: limits.questions }),
    }),
    channels: new ChannelService({
      ...{ database, events },
      ...(limits.channels === undefined ? {} : { limits: limits.channels }),
    }),
    follows: new FollowService({
      ...{ database, events },
      ...(limits.follows === undefined ? {} : { limits: limits.follows }),
    }),
    subscriptions: new SubscriptionService({ database, events }),
    answers: new AnswerRepository(database),
    /** Lets go of everything, last opened first; idempotent. */
    close: () => lifecycle.close(),
  } satisfies { accounts: Accounts } & Record<string, unknown>;
}

function streamServices(
  { database, live, clock, log, ring, urls, reconnectWindowMs, children, limits }: ControlServicesOptions,
  events: ControlEvents,
  lifecycle: Lifecycle,
) {
  const managed = lifecycle.own('managed streams', new ManagedStreams(limits.watching));
  const watching = lifecycle.own(
    'watching',
    new WatchAccess({
      ...{ streams: managed, database, events, clock, log, secret: ring.derive('watch tokens') },
      ...(limits.watching === undefined ? {} : { limits: limits.watching }),
    }),
  );
  const mapper = new StreamMapper({
    urls: { origin: urls.publicUrl, ingestUrl: urls.ingestUrl },
    ...{ streams: managed, reconnectWindowMs },
  });
  const publishers = new DatabasePublishAuthorizer({
    ...{ database, ring, streams: managed, clock, log },
    ...(limits.keys === undefined ? {} : { limits: limits.keys }),
  });
  const streamLimits = limits.streams === undefined ? {} : { limits: limits.streams };
  const life = lifecycle.own(
    'stream life',
    new StreamLife({
      ...{ database, events, live, streams: managed, mapper, keys: publishers },
      ...{ reconnectWindowMs, clock, log, ...streamLimits },
    }),
  );
  const maker = new PictureMaker({
    ...{ children, log },
    ...(limits.thumbnails === undefined ? {} : { limits: limits.thumbnails }),
  });
  return {
    ...{ watching, mapper, publishers, life },
    access: new StreamAccess(database),
    streams: new StreamService({
      ...{ database, events, live, life, watching, mapper, ...streamLimits },
      keys: new StreamKeys({ database, ring }),
      forgetKeys: (streamId) => publishers.forget(streamId),
    }),
    thumbnails: new StreamThumbnails({ database, events, maker }),
    schedule: new StreamSchedule({
      ...{ database, mapper, origin: urls.publicUrl },
      secret: ring.derive('calendar tokens'),
      ...(limits.schedule === undefined ? {} : { limits: limits.schedule }),
    }),
  };
}
