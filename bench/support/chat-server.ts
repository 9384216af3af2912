/** A process with the product's control plane over its embedded PostgreSQL, fsync on; its people come with JWTs of a host app. */

import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlPlane } from '@tallylight/server/assembly/control-plane.ts';
import type { LivePort } from '@tallylight/server/control/live-port.ts';
import { Database } from '@tallylight/server/db/database.ts';
import { EmbeddedPostgres } from '@tallylight/server/db/embedded/embedded-postgres.ts';
import { migrate } from '@tallylight/server/db/migrate.ts';
import { HttpServer } from '@tallylight/server/http/server.ts';
import { ChildProcesses } from '@tallylight/server/platform/child-process.ts';
import { systemClock } from '@tallylight/server/platform/clock.ts';
import { silentLogger } from '@tallylight/server/platform/logger.ts';
import { REALTIME_PATH } from '@tallylight/server/realtime/realtime-server.ts';

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
  const users = userIds.map((id, index) => ({
    id,
    username: `u${index}`,
    display_name: `Somebody ${index}`,
  }));
  for (let at = 0; at < users.length; at += 500)
    await tx
      .insertInto('users')
      .values(users.slice(at, at + 500))
      .execute();
  await tx.insertInto('nchat_channels').values({ id: channelId, name: 'channel' }).execute();
  const stream = { channel_id: channelId, broadcaster_id: userIds[0] ?? '', title: 'show', status: 'live' };
  await tx
    .insertInto('nchat_streams')
    .values(streamIds.map((id) => ({ ...stream, id })))
    .execute();
});

await database.close();

const issuer = 'https://bench.example';
const secret = randomBytes(32).toString('hex');
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokens = userIds.map((sub, index) => {
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ sub, exp, iss: issuer, aud: 'bench', name: `Somebody ${index}` })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
});
const live: LivePort = {
  beginAudience: () => undefined,
  figures: () => undefined,
  viewers: () => ({ hls: 0, whep: 0 }),
  end: () => false,
  revoke: () => undefined,
  onEvent: () => () => undefined,
};
const plane = ControlPlane.start({
  retention: { addressHours: 24, metricsDays: 90 },
  database: { url: postgres.url },
  masterKeys: [{ kid: 'bench', bytes: randomBytes(32) }],
  urls: { publicUrl: 'http://127.0.0.1', ingestUrl: 'rtmp://127.0.0.1/live' },
  accounts: { hostApp: { issuer, audience: 'bench', key: { secret } } },
  ...{ live, clock, log, corsOrigins: [], reconnectWindowMs: 86_400_000, version: 'bench' },
  children: new ChildProcesses(),
  clientAddress: () => '127.0.0.1',
  limits: {
    // One room of a load test has the traffic of many, and one machine the sockets of many.
    chat: { userPerSec: 1e6, userBurst: 1e6, roomPerSec: 1e6 },
    reactions: { perSecond: 20 },
    realtime: { eventsPerSecond: 10_000, framesPerSecond: 20_000 },
  },
});
await plane.open();
const http = new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: plane.handlers, log });
http.onUpgrade(REALTIME_PATH, (request, socket, head) => plane.handleUpgrade(request, socket, head));
const { httpPort: port } = await http.listen();
while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok)
  await new Promise((resolve) => setTimeout(resolve, 100));
const ready: ChatServerReady = { port, tokens, streamIds };
process.send?.(ready);
process.on('disconnect', () => {
  void (async () => {
    await plane.close();
    await http.close();
    await postgres.close();
    await rm(folder, { recursive: true, force: true });
    process.exit(0);
  })();
});
