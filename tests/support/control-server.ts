import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import type { Route } from '../../packages/protocol/src/route.ts';
import { Api } from '../../packages/server/src/api/api.ts';
import { FetchHandler } from '../../packages/server/src/api/fetch-handler.ts';
import { addReferenceRoutes } from '../../packages/server/src/api/reference-routes.ts';
import { type Accounts, openAccounts } from '../../packages/server/src/control/accounts/accounts.ts';
import { channelRoutesOf } from '../../packages/server/src/control/channels/routes.ts';
import { ChannelService } from '../../packages/server/src/control/channels/service.ts';
import { ChatCuration } from '../../packages/server/src/control/chat/chat-curation.ts';
import { DEFAULT_CHAT_LIMITS } from '../../packages/server/src/control/chat/chat-limits.ts';
import { addChatRoutes } from '../../packages/server/src/control/chat/chat-routes.ts';
import { ChatService } from '../../packages/server/src/control/chat/chat-service.ts';
import { ControlEvents } from '../../packages/server/src/control/control-events.ts';
import { followRoutesOf } from '../../packages/server/src/control/follows/routes.ts';
import { FollowService } from '../../packages/server/src/control/follows/service.ts';
import { AnswerRepository } from '../../packages/server/src/control/idempotency/answer-repository.ts';
import { DatabasePublishAuthorizer } from '../../packages/server/src/control/keys/database-publish-authorizer.ts';
import { KeyRing } from '../../packages/server/src/control/keys/key-ring.ts';
import { StreamKeys } from '../../packages/server/src/control/keys/stream-keys.ts';
import { addModerationRoutes } from '../../packages/server/src/control/moderation/moderation-routes.ts';
import { ModerationService } from '../../packages/server/src/control/moderation/moderation-service.ts';
import { notificationRoutesOf } from '../../packages/server/src/control/notifications/routes.ts';
import { NotificationService } from '../../packages/server/src/control/notifications/service.ts';
import { questionRoutesOf } from '../../packages/server/src/control/questions/routes.ts';
import { QuestionService } from '../../packages/server/src/control/questions/service.ts';
import { reactionRoutesOf } from '../../packages/server/src/control/reactions/routes.ts';
import { ReactionService } from '../../packages/server/src/control/reactions/service.ts';
import { streamRoutes } from '../../packages/server/src/control/streams/routes.ts';
import { StreamSchedule } from '../../packages/server/src/control/streams/schedule/stream-schedule.ts';
import { StreamService } from '../../packages/server/src/control/streams/service.ts';
import { StreamLife } from '../../packages/server/src/control/streams/stream-life.ts';
import { StreamMapper } from '../../packages/server/src/control/streams/stream-mapper.ts';
import { FakeLive } from '../../packages/server/src/control/streams/testing/fake-live.ts';
import { PictureMaker } from '../../packages/server/src/control/streams/thumbnails/picture-maker.ts';
import { StreamThumbnails } from '../../packages/server/src/control/streams/thumbnails/stream-thumbnails.ts';
import { subscriptionRoutesOf } from '../../packages/server/src/control/subscriptions/routes.ts';
import { SubscriptionService } from '../../packages/server/src/control/subscriptions/service.ts';
import { AnalyticsService } from '../../packages/server/src/control/telemetry/analytics-service.ts';
import { analyticsRoutesOf } from '../../packages/server/src/control/telemetry/routes.ts';
import { viewerRoutesOf } from '../../packages/server/src/control/viewers/routes.ts';
import { ViewerService } from '../../packages/server/src/control/viewers/viewer-service.ts';
import { ManagedStreams } from '../../packages/server/src/control/watching/managed-streams.ts';
import { WatchAccess } from '../../packages/server/src/control/watching/watch-access.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { HttpServer } from '../../packages/server/src/http/server.ts';
import { ChildProcesses } from '../../packages/server/src/platform/child-process.ts';
import { systemClock } from '../../packages/server/src/platform/clock.ts';
import { Lifecycle } from '../../packages/server/src/platform/lifecycle.ts';
import type { Logger } from '../../packages/server/src/platform/logger.ts';

const ISSUER = 'https://host-app.test';
const AUDIENCE = 'tallylight';

/** The control plane behind a real HTTP server, on a database of its own, with media that a test plays. */
export class ControlServer {
  readonly url: string;
  readonly test: TestDatabase;
  readonly events: ControlEvents;
  readonly live: FakeLive;
  /** Every line that was logged, at any level, as JSON. */
  readonly logged: string[];
  readonly routes: readonly Route[];
  readonly secrets: { readonly masterKey: Uint8Array; readonly hostAppSecret: string };
  readonly accounts: Accounts;
  readonly #lifecycle: Lifecycle;

  private constructor(
    parts: Pick<
      ControlServer,
      'url' | 'test' | 'events' | 'live' | 'logged' | 'routes' | 'secrets' | 'accounts'
    >,
    lifecycle: Lifecycle,
  ) {
    this.url = parts.url;
    this.test = parts.test;
    this.events = parts.events;
    this.live = parts.live;
    this.logged = parts.logged;
    this.routes = parts.routes;
    this.secrets = parts.secrets;
    this.accounts = parts.accounts;
    this.#lifecycle = lifecycle;
  }

  /** Starts everything; requests are not counted against limits. */
  static async start(): Promise<ControlServer> {
    const logged: string[] = [];
    const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
    const lifecycle = new Lifecycle(log);
    const test = await TestDatabase.create();
    lifecycle.own('database', { close: () => test.drop() });
    const secrets = { masterKey: randomBytes(32), hostAppSecret: randomBytes(32).toString('base64') };
    const events = new ControlEvents();
    const live = new FakeLive();
    const { database } = test;
    const accounts = lifecycle.own(
      'accounts',
      await openAccounts({
        ...{ database, events, log, masterKey: secrets.masterKey, publicUrl: 'http://127.0.0.1' },
        hostApp: { issuer: ISSUER, audience: AUDIENCE, key: { secret: secrets.hostAppSecret } },
        signUp: 'open',
      }),
    );
    const clientAddress = (): string => '198.51.100.23';
    const api = new Api({
      ...{ actors: accounts.resolver, clientAddress, clock: systemClock, log },
      answers: new AnswerRepository(database),
      limits: { userRequestsPerMinute: 1e9, anonymousRequestsPerMinute: 1e9 },
      strictAnswers: true,
    });
    accounts.register(api);
    addFeatures(api, { test, events, live, log, lifecycle, masterKey: secrets.masterKey });
    addReferenceRoutes(api, 'test');
    await api.open();
    const auth = new FetchHandler({
      ...{ prefix: '/api/auth/', answer: accounts.authHandler, clientAddress, log },
      ...{ maxBodyBytes: 16_384, bodyTimeoutMs: 10_000 },
    });
    const http = lifecycle.own(
      'http',
      new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: [auth, api], log }),
    );
    const url = `http://127.0.0.1:${(await http.listen()).httpPort}`;
    return new ControlServer(
      { url, test, events, live, logged, routes: api.routes, secrets, accounts },
      lifecycle,
    );
  }

  /** A host app's token for somebody, just proven. */
  async tokenOf(userId: string): Promise<string> {
    const nowSec = Math.floor(Date.now() / 1000);
    return new SignJWT({ auth_time: nowSec })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(userId)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(nowSec)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(this.secrets.hostAppSecret));
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }
}

interface Parts {
  readonly test: TestDatabase;
  readonly events: ControlEvents;
  readonly live: FakeLive;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly masterKey: Uint8Array;
}

function addFeatures(api: Api, { test, events, live, log, lifecycle, masterKey }: Parts): void {
  const { database } = test;
  const core = { database, events, clock: systemClock, log };
  const ring = new KeyRing([{ kid: 'k1', bytes: masterKey }]);
  const streams = lifecycle.own('streams', new ManagedStreams());
  const watching = lifecycle.own(
    'watching',
    new WatchAccess({ ...core, streams, secret: ring.derive('watch') }),
  );
  const authorizer = new DatabasePublishAuthorizer({ ...core, ring, streams });
  const urls = { origin: 'http://127.0.0.1', ingestUrl: 'rtmp://127.0.0.1/live' };
  const mapper = new StreamMapper({ urls, streams, reconnectWindowMs: 1000 });
  const life = lifecycle.own(
    'stream life',
    new StreamLife({ ...core, live, streams, mapper, keys: authorizer, reconnectWindowMs: 1000 }),
  );
  life.open();
  const service = new StreamService({
    ...{ database, events, live, life, watching, mapper },
    keys: new StreamKeys({ database, ring }),
    forgetKeys: (streamId) => authorizer.forget(streamId),
  });
  const maker = new PictureMaker({ children: lifecycle.own('children', new ChildProcesses()), log });
  streamRoutes(api, {
    service,
    thumbnails: new StreamThumbnails({ database, events, maker }),
    schedule: new StreamSchedule({ database, mapper, secret: ring.derive('calendar'), origin: urls.origin }),
  });
  // The matrix asks thousands of times in a minute: what is tested is who may, not how often.
  const often = { userPerSec: 1e6, userBurst: 1e6, roomPerSec: 1e6 };
  const chat = lifecycle.own(
    'chat',
    new ChatService({ ...core, limits: { ...DEFAULT_CHAT_LIMITS, ...often } }),
  );
  const curation = new ChatCuration({ database, events, limits: DEFAULT_CHAT_LIMITS });
  addChatRoutes(api, { chat, curation });
  const moderation = new ModerationService({ database, events, settled: () => chat.settled() });
  addModerationRoutes(api, { moderation, chat, curation });
  channelRoutesOf(api, { channels: new ChannelService({ database, events }) });
  followRoutesOf(api, { follows: new FollowService({ database, events }) });
  subscriptionRoutesOf(api, { subscriptions: new SubscriptionService({ database, events }) });
  notificationRoutesOf(api, { notifications: new NotificationService(core) });
  reactionRoutesOf(api, { reactions: new ReactionService(core) });
  questionRoutesOf(api, { questions: new QuestionService(core) });
  const viewers = new ViewerService(core);
  lifecycle.own('viewers', { close: () => viewers.stop() });
  viewerRoutesOf(api, { viewers, database, clock: systemClock });
  analyticsRoutesOf(api, { analytics: new AnalyticsService({ ...core, viewers }) });
}
