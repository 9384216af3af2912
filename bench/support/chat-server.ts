/** A process with the realtime server, the chat and the reactions of the product over its embedded PostgreSQL, fsync on. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor, ActorResolver } from '@tallylight/server/api/actor.ts';
import { OriginPolicy } from '@tallylight/server/api/origin-policy.ts';
import { ChatService } from '@tallylight/server/control/chat/chat-service.ts';
import { DEFAULT_CHAT_LIMITS } from '@tallylight/server/control/chat/chat-limits.ts';
import { ControlEvents } from '@tallylight/server/control/control-events.ts';
import { ReactionService } from '@tallylight/server/control/reactions/service.ts';
import { Database } from '@tallylight/server/db/database.ts';
import { EmbeddedPostgres } from '@tallylight/server/db/embedded/embedded-postgres.ts';
import { migrate } from '@tallylight/server/db/migrate.ts';
import { HttpServer } from '@tallylight/server/http/server.ts';
import { systemClock } from '@tallylight/server/platform/clock.ts';
import { silentLogger } from '@tallylight/server/platform/logger.ts';
import type { ViewerPresence } from '@tallylight/server/realtime/ports.ts';
import { REALTIME_PATH, RealtimeServer } from '@tallylight/server/realtime/realtime-server.ts';

/** What the parent gives on the command line, as JSON. */
export interface ChatServerOptions {
  readonly people: number;
  readonly rooms: number;
}

/** What it is told back. */
export interface ChatServerReady {
  readonly port: number;
  readonly tokens: readonly string[];
  readonly streamIds: readonly string[];
}

const { people, rooms } = JSON.parse(process.argv[2] ?? '{}') as ChatServerOptions;
const log = silentLogger;
const clock = systemClock;
const folder = await mkdtemp(join(tmpdir(), 'tallylight-chat-'));
const postgres = await EmbeddedPostgres.start({
  directory: join(folder, 'postgres'),
  stateDirectory: join(folder, 'state'),
  log,
});
await migrate(postgres.url);
const database = new Database({ url: postgres.url, log });

const uuid = (kind: number, index: number): string =>
  `01930000-0000-7000-800${kind}-${index.toString(16).padStart(12, '0')}`;
const userIds = Array.from({ length: people }, (_, index) => uuid(1, index));
const streamIds = Array.from({ length: rooms }, (_, index) => uuid(2, index));
const channelId = uuid(3, 0);
await database.asService(async (tx) => {
  const users = userIds.map((id, index) => ({ id, username: `u${index}`, display_name: `Somebody ${index}` }));
  for (let at = 0; at < users.length; at += 500)
    await tx.insertInto('users').values(users.slice(at, at + 500)).execute();
  await tx.insertInto('nchat_channels').values({ id: channelId, name: 'channel' }).execute();
  const stream = { channel_id: channelId, broadcaster_id: userIds[0] ?? '', title: 'show', status: 'live' };
  await tx.insertInto('nchat_streams').values(streamIds.map((id) => ({ ...stream, id }))).execute();
});

const actors: ActorResolver = {
  async resolve({ authorization }): Promise<Actor> {
    return { userId: userIds[Number(String(authorization).slice(8))], role: 'user', isGuest: false, by: 'session' };
  },
};
const presence: ViewerPresence = {
  async join() {},
  async leave() {},
  async heartbeat() {},
  count: () => 0,
};
const events = new ControlEvents();
// One room of a load test has the traffic of many, and one machine the sockets of many.
const limits = { ...DEFAULT_CHAT_LIMITS, userPerSec: 1e6, userBurst: 1e6, roomPerSec: 1e6 };
const chat = new ChatService({ database, events, clock, log, limits });
const reactions = new ReactionService({ database, events, clock, log, limits: { perSecond: 20 } });
const never = (): never => {
  throw new Error('not in this bench');
};
const realtime = new RealtimeServer({
  ...{ events, actors, presence, reactions, clock, log },
  origins: new OriginPolicy(),
  addressOf: () => '127.0.0.1',
  access: { rightsOn: async () => ({ channelId, moderates: false }) },
  chat: {
    send: (actor, message) => chat.send(actor, message),
    since: (actor, { streamId, ...page }) => chat.history(actor, streamId, page),
    delete: never,
    pin: never,
    unpin: never,
  },
  questions: { ask: never, upvote: never },
  limits: { eventsPerSecond: 10_000, framesPerSecond: 20_000 },
});
const http = new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: [], log });
http.onUpgrade(REALTIME_PATH, (request, socket, head) => realtime.handleUpgrade(request, socket, head));
const { httpPort: port } = await http.listen();
const ready: ChatServerReady = { port, tokens: userIds.map((_, index) => `t${index}`), streamIds };
process.send?.(ready);
process.on('disconnect', () => {
  void (async () => {
    await realtime.close();
    await http.close();
    await chat.close();
    await database.close();
    await postgres.close();
    await rm(folder, { recursive: true, force: true });
    process.exit(0);
  })();
});
