import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import { silentLogger } from '../../platform/logger.ts';
import { AudienceFixture } from '../channels/testing/audience-fixture.ts';
import { ControlEvents } from '../control-events.ts';
import { markEnded, markLive } from '../streams/life-repository.ts';
import { NotificationService, type NotificationServiceOptions } from './service.ts';

type Person = Actor & { userId: string };

const DYING = join(import.meta.dirname, 'testing/dying-server-process.ts');
let at: AudienceFixture;
let owner: Person;
let fans: readonly string[];
let channelId: string;
let streamId: string;
const open: NotificationService[] = [];

beforeAll(async () => {
  at = await AudienceFixture.create();
});
afterAll(() => at.drop());
beforeEach(async () => {
  const mark = Math.random().toString(36).slice(2, 10);
  owner = await at.person(`owner-${mark}`);
  channelId = await at.channel(owner);
  const people = await Promise.all(
    Array.from({ length: 7 }, (_, index) => at.person(`fan-${index}-${mark}`)),
  );
  fans = people.map(({ userId }) => userId).sort();
  for (const userId of fans)
    await run(sql`INSERT INTO nchat_channel_follows (channel_id, user_id) VALUES (${channelId}, ${userId})`);
  streamId = await at.stream(channelId, owner, { status: 'preparing' });
});
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
  await run(sql`DELETE FROM nchat_live_tellings`);
  await run(sql`UPDATE nchat_stream_notifications SET mail_due = false`);
});

async function run<T>(statement: ReturnType<typeof sql<T>>): Promise<readonly T[]> {
  return (await at.asService((tx) => statement.execute(tx))).rows;
}

/** A server beside others on the same database, and whom it told and mailed. */
function server(more: Partial<NotificationServiceOptions> = {}) {
  const events = new ControlEvents();
  const told: string[] = [];
  const mailed: string[] = [];
  events.on('notification', ({ userId }) => told.push(userId));
  const service = new NotificationService({
    ...{ database: at.database, events, clock: at.clock, log: silentLogger },
    mailer: { send: async ({ userId }) => void mailed.push(userId) },
    limits: { batch: 2, mailsAtOnce: 1 },
    ...more,
  });
  open.push(service);
  return { service, told, mailed };
}

/** Who has a notification of the stream, in order; somebody who had it twice would be there twice. */
async function notified(id = streamId): Promise<readonly string[]> {
  const rows = await run(sql<{ user_id: string }>`
    SELECT user_id FROM nchat_stream_notifications WHERE stream_id = ${id} ORDER BY user_id`);
  return rows.map((row) => row.user_id);
}

const wantMails = () =>
  run(sql`INSERT INTO nchat_stream_notification_settings (user_id, channel_id, by_mail)
    SELECT unnest(${[...fans]}::uuid[]), ${channelId}, true`);

const goLive = (id = streamId) => at.asService((tx) => markLive(tx, id));

/** Runs a server that takes the stream live and is killed at a moment; answers with whom it had told and mailed by then. */
async function dying(moment: 'before telling' | 'while telling' | 'while mailing') {
  const child = spawn(process.execPath, [DYING, at.test.url, streamId, moment], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
  });
  const exited = once(child, 'exit');
  const lines = (await text(child.stdout)).split('\n');
  expect((await exited)[1]).toBe('SIGKILL');
  const said = (what: string) =>
    lines.flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : []));
  return { told: said('told'), mailed: said('mailed') };
}

describe('a server that is killed', () => {
  test('after the stream went live and before it told anybody: the next one tells everybody, once', async () => {
    expect(await dying('before telling')).toEqual({ told: [], mailed: [] });
    expect(await notified()).toEqual([]);
    const next = server();
    next.service.start();
    await next.service.idle();
    expect([...next.told].sort()).toEqual(fans);
    expect(await notified()).toEqual(fans);
    await server().service.tellLeft();
    expect(await notified()).toEqual(fans);
  });

  test('half way through its followers: the next one tells the others, and nobody twice', async () => {
    const first = await dying('while telling');
    expect(first.told).toEqual(fans.slice(0, 4));
    const next = server();
    next.service.start();
    await next.service.idle();
    expect(next.told).toEqual(fans.slice(4));
    expect(await notified()).toEqual(fans);
  });

  test('in the middle of its mails: the next one sends the others, and none twice', async () => {
    await wantMails();
    const first = await dying('while mailing');
    expect(first.told).toHaveLength(7);
    expect(first.mailed).toHaveLength(1);
    const next = server();
    await next.service.tellLeft();
    expect(next.told).toEqual([]);
    expect([...first.mailed, ...next.mailed].sort()).toEqual(fans);
  });
});

describe('telling that fails', () => {
  test('leaves no half a page, and goes on where it was', async () => {
    await goLive();
    let pages = 0;
    const failing = {
      asService: (work: Parameters<Database['asService']>[0]) =>
        at.database.asService(async (tx) => {
          const result = await work(tx);
          if (++pages === 2) throw new Error('died before the commit');
          return result;
        }),
    } as unknown as Database;
    const first = server({ database: failing });
    await expect(first.service.tellLeft()).rejects.toThrow('died before the commit');
    expect(await notified()).toEqual(fans.slice(0, 2));
    const next = server();
    await next.service.tellLeft();
    expect([...first.told, ...next.told]).toEqual(fans);
  });

  test('always keeps no other stream waiting for long', async () => {
    await goLive();
    const other = await at.stream(channelId, owner, { status: 'preparing' });
    await goLive(other);
    const admin = new Client({ connectionString: at.test.adminUrl });
    await admin.connect();
    await admin.query(
      `ALTER TABLE nchat_stream_notifications ADD CONSTRAINT refused CHECK (stream_id <> '${streamId}') NOT VALID`,
    );
    const { service } = server();
    await expect(service.tellLeft()).rejects.toThrow('refused');
    await expect(service.tellLeft()).rejects.toThrow('refused');
    expect(await notified(other)).toEqual(fans);
    await admin.query('ALTER TABLE nchat_stream_notifications DROP CONSTRAINT refused');
    await admin.end();
    await service.tellLeft();
    expect(await notified()).toEqual(fans);
  });

  test('or is done by three servers at once: everybody is told and mailed once', async () => {
    await wantMails();
    await goLive();
    const servers = [server(), server(), server()];
    await Promise.all(servers.map(({ service }) => service.tellLeft()));
    await server().service.tellLeft();
    expect(servers.flatMap(({ told }) => told).sort()).toEqual(fans);
    expect(servers.flatMap(({ mailed }) => mailed).sort()).toEqual(fans);
  });
});

describe('what is to be told', () => {
  test('is written by the transaction that takes the stream live, or not at all', async () => {
    const undone = at.asService(async (tx) => {
      await markLive(tx, streamId);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const { service, told } = server();
    await service.tellLeft();
    expect(told).toEqual([]);
    await goLive();
    await service.tellLeft();
    expect(told).toEqual(fans);
  });

  test('is a start: a stream that is taken live again with the same start is told once', async () => {
    await goLive();
    const { service, told } = server();
    await service.tellLeft();
    await run(sql`DELETE FROM nchat_stream_notifications WHERE stream_id = ${streamId}`);
    await run(sql`UPDATE nchat_streams SET status = 'ending' WHERE id = ${streamId}`);
    await goLive();
    await service.tellLeft();
    expect(told).toHaveLength(7);
  });

  test('is told no more when it is not so any more: ended, called off, put off, or past', async () => {
    const day = 86_400_000;
    const later = (ms: number) => new Date(at.clock.now() + ms);
    const scheduled = (ms: number) =>
      at.stream(channelId, owner, { status: 'scheduled', scheduled_at: later(ms) });
    await goLive();
    await at.asService((tx) => markEnded(tx, streamId));
    const [off, put, past] = [await scheduled(day), await scheduled(day), await scheduled(-day)];
    await run(sql`UPDATE nchat_streams SET status = 'cancelled' WHERE id = ${off}`);
    await run(sql`UPDATE nchat_streams SET scheduled_at = ${later(2 * day)} WHERE id = ${put}`);
    const { service } = server();
    await service.tellLeft();
    const counts = [];
    for (const id of [streamId, off, put, past]) counts.push((await notified(id)).length);
    expect(counts).toEqual([0, 0, 7, 0]);
    expect(await run(sql`SELECT 1 FROM nchat_live_tellings WHERE done_at IS NULL`)).toEqual([]);
  });

  test('of a schedule, too, survives the server that took it; so do the reminders of those who want them', async () => {
    const [first = ''] = fans;
    await run(sql`INSERT INTO nchat_stream_notification_settings (user_id, channel_id, reminder_minutes, by_mail)
      VALUES (${first}, ${channelId}, 10, true)`);
    const scheduledAt = new Date(at.clock.now() + 5 * 60_000);
    const id = await at.stream(channelId, owner, { status: 'scheduled', scheduled_at: scheduledAt });
    const next = server();
    next.service.start();
    await next.service.idle();
    expect(await notified(id)).toEqual(fans);
    next.told.length = 0;
    next.mailed.length = 0;
    expect(await next.service.dueReminders()).toBe(1);
    expect([next.told, next.mailed]).toEqual([[first], [first]]);
    expect(await next.service.dueReminders()).toBe(0);
    expect(next.mailed).toEqual([first]);
  });
});
