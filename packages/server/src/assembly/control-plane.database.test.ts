import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeLive } from '../control/streams/testing/fake-live.ts';
import { TestDatabase } from '../db/testing/test-database.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { ControlPlane } from './control-plane.ts';

/** Stands between a control plane and PostgreSQL, and can make it hang or go away. */
class Hanging {
  readonly #server: Server;
  readonly #pairs: [Socket, Socket][] = [];
  #state: 'well' | 'hanging' | 'away' = 'well';

  private constructor(to: URL) {
    this.#server = createServer((client) => {
      client.on('error', () => {});
      if (this.#state === 'away') client.destroy();
      if (this.#state !== 'well') return;
      const database = connect(Number(to.port), to.hostname);
      database.on('error', () => {});
      client.pipe(database);
      database.pipe(client);
      this.#pairs.push([client, database]);
    });
  }

  static async before(url: string): Promise<{ hanging: Hanging; url: string }> {
    const own = new URL(url);
    const hanging = new Hanging(new URL(url));
    await once(hanging.#server.listen(0, '127.0.0.1'), 'listening');
    own.host = `127.0.0.1:${(hanging.#server.address() as AddressInfo).port}`;
    return { hanging, url: own.href };
  }

  /** Resolves when somebody connects. */
  async asked(): Promise<void> {
    await once(this.#server, 'connection');
  }

  is(state: 'well' | 'hanging' | 'away'): void {
    this.#state = state;
    for (const [client, database] of this.#pairs) {
      if (state === 'away') client.destroy();
      // The database's end closes by itself; ours hears of nothing.
      client.unpipe(database);
      database.unpipe(client);
    }
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}

let database: TestDatabase;
let hanging: Hanging;
let plane: ControlPlane;
const children = new ChildProcesses();

beforeEach(async () => {
  database = await TestDatabase.create();
  const before = await Hanging.before(database.url);
  hanging = before.hanging;
  plane = new ControlPlane({
    retention: { addressHours: 24, metricsDays: 90 },
    database: { url: before.url },
    masterKeys: [{ kid: 'k1', bytes: randomBytes(32) }],
    urls: { publicUrl: 'http://127.0.0.1', ingestUrl: 'rtmp://127.0.0.1/live' },
    accounts: { signUp: 'open', trustedOrigins: [], hostApp: undefined, oidc: undefined, mail: undefined },
    ...{
      live: new FakeLive(),
      log: silentLogger,
      clock: systemClock,
      corsOrigins: [],
      reconnectWindowMs: 1000,
    },
    ...{ version: 'test', children, clientAddress: () => '192.0.2.1', limits: {} },
  });
});

afterEach(async () => {
  hanging.close();
  await plane.close();
  await database.drop();
});

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

describe('a control plane', () => {
  test('closes while it waits for a database that hangs', async () => {
    hanging.is('hanging');
    const opening = plane.open();
    await hanging.asked();
    expect(await tookMs(() => plane.close())).toBeLessThan(4000);
    await opening;
  });

  test('closes though its database hangs since', async () => {
    await plane.open();
    hanging.is('hanging');
    expect(await tookMs(() => plane.close())).toBeLessThan(9000);
  });

  test('opens when the database is back that went away as it was migrated', async () => {
    hanging.is('away');
    const opening = plane.open();
    await hanging.asked();
    hanging.is('well');
    await opening;
  });
});
