import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { ControlPlane } from '../../packages/server/src/assembly/control-plane.ts';
import { FakeLive } from '../../packages/server/src/control/streams/testing/fake-live.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { HttpServer } from '../../packages/server/src/http/server.ts';
import { ChildProcesses } from '../../packages/server/src/platform/child-process.ts';
import { systemClock } from '../../packages/server/src/platform/clock.ts';
import { Lifecycle } from '../../packages/server/src/platform/lifecycle.ts';
import { REALTIME_PATH } from '../../packages/server/src/realtime/realtime-server.ts';
import { NCHAT_SQL, NCHAT_WITHOUT_RLS } from './nchat-database.ts';

const ISSUER = 'https://host-app.test';
const AUDIENCE = 'tallylight';
/** From where every request seems to come. */
export const CLIENT_ADDRESS = '198.51.100.23';
/** Far above what a test asks in a minute: most tests are of who may, not of how often. */
const OFTEN = 1e9;

/** What a control plane runs on. */
export interface ControlServerOptions {
  /** A database of nchat's (`NCHAT_SQL`), with row-level security on its tables or without. Default: a database of our own. */
  readonly hostApp?: 'rls' | 'plain';
}

/** The control plane behind a real HTTP server, on a database of its own, with media that a test plays. */
export class ControlServer {
  readonly url: string;
  readonly test: TestDatabase;
  readonly live: FakeLive;
  readonly plane: ControlPlane;
  /** Every line that was logged, at any level, as JSON. */
  readonly logged: readonly string[];
  readonly masterKey: Uint8Array;
  readonly hostAppSecret: string;
  readonly #lifecycle: Lifecycle;

  private constructor(
    parts: Pick<ControlServer, 'url' | 'test' | 'live' | 'plane' | 'logged' | 'masterKey' | 'hostAppSecret'>,
    lifecycle: Lifecycle,
  ) {
    this.url = parts.url;
    this.test = parts.test;
    this.live = parts.live;
    this.plane = parts.plane;
    this.logged = parts.logged;
    this.masterKey = parts.masterKey;
    this.hostAppSecret = parts.hostAppSecret;
    this.#lifecycle = lifecycle;
  }

  /** Starts everything; requests are not counted against limits. */
  static async start({ hostApp }: ControlServerOptions = {}): Promise<ControlServer> {
    const logged: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
    const lifecycle = new Lifecycle(log);
    const before = { rls: NCHAT_SQL, plain: NCHAT_SQL + NCHAT_WITHOUT_RLS };
    const test = await TestDatabase.create(
      undefined,
      hostApp === undefined ? {} : { before: before[hostApp] },
    );
    lifecycle.own('database', { close: () => test.drop() });
    const [masterKey, hostAppSecret] = [randomBytes(32), randomBytes(32).toString('base64')];
    const live = new FakeLive();
    const plane = lifecycle.own(
      'control plane',
      ControlPlane.start({
        retention: { addressHours: 24, metricsDays: 90 },
        database: { url: test.url },
        masterKeys: [{ kid: 'k1', bytes: masterKey }],
        urls: { publicUrl: 'http://127.0.0.1', ingestUrl: 'rtmp://127.0.0.1/live' },
        accounts: {
          signUp: 'open',
          trustedOrigins: [],
          hostApp: { issuer: ISSUER, audience: AUDIENCE, key: { secret: hostAppSecret } },
          oidc: undefined,
          mail: undefined,
        },
        ...{ live, log, clock: systemClock, corsOrigins: [], reconnectWindowMs: 1000, version: 'test' },
        children: lifecycle.own('children', new ChildProcesses()),
        clientAddress: () => CLIENT_ADDRESS,
        strictAnswers: true,
        limits: {
          accounts: {
            loginPerAccountPerMinute: OFTEN,
            loginPerAddressPerMinute: OFTEN,
            signUpPerAddressPerHour: OFTEN,
            guestsPerAddressPerHour: OFTEN,
            resetPerHour: OFTEN,
            otherPerAddressPerMinute: OFTEN,
          },
          api: { userRequestsPerMinute: OFTEN, anonymousRequestsPerMinute: OFTEN },
          chat: { userPerSec: OFTEN, userBurst: OFTEN, roomPerSec: OFTEN },
          reactions: { perSecond: 1000 },
          realtime: { eventsPerSecond: OFTEN, framesPerSecond: OFTEN },
        },
      }),
    );
    await plane.open();
    const http = lifecycle.own(
      'http',
      new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: plane.handlers, log }),
    );
    http.onUpgrade(REALTIME_PATH, (request, socket, head) => plane.handleUpgrade(request, socket, head));
    const url = `http://127.0.0.1:${(await http.listen()).httpPort}`;
    return new ControlServer({ url, test, live, plane, logged, masterKey, hostAppSecret }, lifecycle);
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
      .sign(new TextEncoder().encode(this.hostAppSecret));
  }

  /** Operations that the server answers, as it says itself. */
  async operations(): Promise<readonly string[]> {
    const document = (await (await fetch(`${this.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    return Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
  }

  /** Ends sockets, services and database. */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }
}
