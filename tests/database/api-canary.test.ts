import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIVE_EVENTS, SOCKET_EVENTS } from '../../packages/protocol/src/realtime/event-names.ts';
import type { Route } from '../../packages/protocol/src/route.ts';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { GOOD_FIGURES } from '../../packages/server/src/control/telemetry/testing/fake-live.ts';
import { callRoute } from '../support/call-route.ts';
import { Caller } from '../support/caller.ts';
import { CLIENT_ADDRESS, ControlServer } from '../support/control-server.ts';
import { NOT_OF_IDS, RIGHTS } from '../support/rights-table.ts';
import { makePeople, makeWorld, type People, ROLES, type Role, type World } from '../support/rights-world.ts';
import { secretsIn } from '../support/secret-spellings.ts';

const EMAIL = 'canary.of.vera@secret-mail.example';
const PASSWORD = 'a canary that nobody may hear 7391';
const PRIVATE_TITLE = 'The private canary sings at dawn';
const PRIVATE_WORDS = 'What the private canary said in its chat';

/** Secrets that nobody gets to read at all, by name. */
const secrets = new Map<string, string>();
/** What members of the private channel may read, and nobody else. */
const confidences = new Map([
  ['title of a private stream', PRIVATE_TITLE],
  ['chat of a private stream', PRIVATE_WORDS],
]);
/** They are thousands of requests, and CI's machine has other things to do. */
const LONG_MS = 240_000;
const OUTSIDERS: readonly Role[] = ['nobody', 'guest', 'stranger', 'otherOwner'];

let server: ControlServer;
let people: People;
let vera: Caller;
let open: World;
let closed: World;
const tokens = new Map<Role, string>();
const sockets: Socket[] = [];
const socketOf = new Map<Role, Socket>();
/** What each role's socket was told. */
const heard = new Map<Role, string[]>();
/** Of viewers of every world that a test makes: see `rights-world.ts`. */
const WORLD_VIEWER_ADDRESS = '203.0.113.7';

beforeAll(async () => {
  server = await ControlServer.start();
  const { database } = server.test;
  people = await makePeople(database);
  for (const role of ROLES) if (role !== 'nobody') tokens.set(role, await server.tokenOf(people[role]));
  vera = await Caller.signUp(server.url, { name: 'Vera', email: EMAIL, password: PASSWORD });
  open = await veraIn(await makeWorld(database, people, false));
  closed = await veraIn(await makeWorld(database, people, true));
  await vera.must('PATCH', `/api/streams/${closed.streamId}`, { title: PRIVATE_TITLE });

  const made = await vera.must('POST', '/api/me/tokens', { name: 'canary', scopes: ['read'] });
  secrets.set('API token', String(made['token']));
  secrets.set('session token', vera.token);
  secrets.set('password', PASSWORD);
  secrets.set('e-mail address', EMAIL);
  secrets.set('master key', Buffer.from(server.masterKey).toString('latin1'));
  secrets.set('master key in base64', Buffer.from(server.masterKey).toString('base64'));
  secrets.set('secret of the host app', server.hostAppSecret);
  secrets.set('address of the database', server.test.url);
  for (const [name, { streamId }] of [['public', open] as const, ['private', closed] as const]) {
    const { streamKey } = await vera.must('POST', `/api/streams/${streamId}/regenerate-key`, {});
    secrets.set(`stream key of a ${name} stream`, String(streamKey));
  }
  for (const { streamId } of [open, closed]) {
    const { secret } = await vera.must('POST', `/api/streams/${streamId}/viewers`, { sessionId: v7() });
    secrets.set(`secret of a viewer session of ${streamId}`, String(secret));
  }
  secrets.set('address of a viewer', CLIENT_ADDRESS);
  secrets.set('address of another viewer', WORLD_VIEWER_ADDRESS);
  for (const role of ROLES) await listen(role);
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await server.close();
});

/** Makes Vera an owner of the world's channel, too. */
async function veraIn(world: World): Promise<World> {
  await server.test.database.asService((tx) =>
    tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: world.channelId, user_id: vera.id, role: 'owner' })
      .execute(),
  );
  return world;
}

/** A socket of somebody who tries to be in both rooms. */
async function listen(role: Role): Promise<void> {
  const token = tokens.get(role);
  const socket = io(server.url, {
    transports: ['websocket'],
    forceNew: true,
    ...(token === undefined ? {} : { auth: { token } }),
  });
  sockets.push(socket);
  socketOf.set(role, socket);
  const told: string[] = [];
  heard.set(role, told);
  socket.onAny((name: string, ...payload: unknown[]) => told.push(JSON.stringify([name, ...payload])));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  for (const { streamId } of [open, closed]) {
    told.push(
      JSON.stringify(await socket.timeout(5000).emitWithAck('stream:join', { streamId, sessionId: v7() })),
    );
    told.push(JSON.stringify(await socket.timeout(5000).emitWithAck('chat:history', { streamId })));
  }
}

/** What a role may not read in an answer or event. */
function forbidden(role: Role): ReadonlyMap<string, string> {
  const all = new Map([...secrets, ...(OUTSIDERS.includes(role) ? confidences : [])]);
  // Administrators see accounts with their addresses.
  if (role === 'admin') all.delete('e-mail address');
  // Who may reveal a key may do so by asking for exactly that.
  return all;
}

const REVEALING = new Set(['revealStreamKey', 'regenerateStreamKey']);
/** For routes that are about the caller alone. */
const ANYONE = { who: { inPublic: [], inPrivate: [] } };

/** A stream of Vera's goes live before everybody's eyes, with figures, and who follows its channel is told so. */
async function goLive(): Promise<void> {
  const made = await vera.must('POST', '/api/streams', {
    channelId: open.channelId,
    title: 'Another',
    autoStart: true,
  });
  const streamId = String(made['id']);
  const { streamKey } = await vera.must('POST', `/api/streams/${streamId}/regenerate-key`, {});
  secrets.set('stream key of the one that goes live', String(streamKey));
  for (const role of ROLES)
    await socketOf.get(role)?.timeout(5000).emitWithAck('stream:join', { streamId, sessionId: v7() });
  await callRoute(server, routeOf('followChannel'), ANYONE, open, tokens.get('viewer'));
  const asked = { protocol: 'rtmp', app: 'live', peer: 'test', streamKey: String(streamKey) } as const;
  const decision = await server.plane.publishAuthorizer.authorize(asked);
  if (!decision.allowed) throw new Error(decision.reason);
  server.live.figures = () => GOOD_FIGURES;
  server.live.connect(streamId, decision.keyId);
  const told = (role: Role, event: string): boolean =>
    (heard.get(role) ?? []).some((line) => line.startsWith(`["${event}"`));
  // Samples are taken every five seconds.
  await expect.poll(() => told('admin', 'stream:quality-update'), { timeout: 15_000 }).toBe(true);
  await expect.poll(() => told('viewer', 'stream:notification'), { timeout: 15_000 }).toBe(true);
  server.live.tell({ type: 'publisher-lost', streamId, reason: 'connection-lost' });
  await expect.poll(() => told('viewer', 'stream:error'), { timeout: 15_000 }).toBe(true);
}

function routeOf(operation: string): Route {
  const route = ALL_ROUTES.find((each) => each.operation === operation);
  if (route === undefined) throw new Error(`there is no ${operation}`);
  return route;
}

describe('secrets (AVideo CVE-2026-86727, Mattermost CVE-2025-13821)', () => {
  test('the search finds them in every spelling', () => {
    const one = new Map([['it', 'live_canary/of+a=key']]);
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = `${before}live_canary/of+a=key and more`;
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(secretsIn(Buffer.from(text).toString(encoding), one)).toEqual(['it']);
      }
      expect(secretsIn(encodeURIComponent(text), one)).toEqual(['it']);
    }
    expect(secretsIn('nothing', one)).toEqual([]);
    expect(secrets.size).toBeGreaterThan(10);
  });

  test(
    'are in nothing that any route answers to any role',
    async () => {
      const found: string[] = [];
      for (const route of ALL_ROUTES) {
        const right = RIGHTS.get(route.operation);
        if (right === undefined || NOT_OF_IDS.has(route.operation)) continue;
        // Who may change things would destroy what is to be found.
        const roles = route.method === 'GET' ? ROLES : OUTSIDERS;
        for (const role of roles) {
          const mayReveal = REVEALING.has(route.operation) && !OUTSIDERS.includes(role);
          if (mayReveal) continue;
          for (const world of [open, closed]) {
            const { body, headers } = await callRoute(server, route, right, world, tokens.get(role));
            const text = `${JSON.stringify(headers)}\n${body.toString()}`;
            for (const name of secretsIn(text, forbidden(role)))
              found.push(`${role}, ${route.operation}: ${name}`);
          }
        }
      }
      expect(found).toEqual([]);
    },
    LONG_MS,
  );

  test(
    'are in nothing that who may change things gets for it, nor in what is refused',
    async () => {
      const found: string[] = [];
      const asked = new Set<string>();
      for (const route of ALL_ROUTES.filter(({ method }) => method !== 'GET')) {
        const right = RIGHTS.get(route.operation);
        for (const role of right === undefined ? ROLES : (['moderator', 'owner', 'admin'] as const)) {
          if (REVEALING.has(route.operation)) continue;
          asked.add(route.operation);
          // A world for each, because what is deleted answers nothing.
          const world = await makeWorld(server.test.database, people, true);
          for (const more of [{}, { title: 5, content: 5, userId: 'x', name: '\0' }]) {
            const { body, headers } = await callRoute(
              server,
              route,
              right ?? ANYONE,
              world,
              tokens.get(role),
              more,
            );
            const text = `${JSON.stringify(headers)}\n${body.toString()}`;
            for (const name of secretsIn(text, forbidden(role)))
              found.push(`${role}, ${route.operation}: ${name}`);
          }
        }
      }
      expect(asked.size).toBeGreaterThan(50);
      expect(found).toEqual([]);
    },
    LONG_MS,
  );

  test('are in nothing that their own owner reads, but for her e-mail address', async () => {
    const found: string[] = [];
    const own = new Map([...secrets].filter(([name]) => name !== 'e-mail address'));
    for (const route of ALL_ROUTES.filter(
      ({ method, operation }) => method === 'GET' && !REVEALING.has(operation),
    )) {
      for (const world of [open, closed]) {
        const { body, headers } = await callRoute(
          server,
          route,
          RIGHTS.get(route.operation) ?? ANYONE,
          world,
          vera.token,
        );
        for (const name of secretsIn(`${JSON.stringify(headers)}\n${body.toString()}`, own))
          found.push(`${route.operation}: ${name}`);
      }
    }
    expect(found).toEqual([]);
  });

  test('are in no list, by any filter', async () => {
    const found: string[] = [];
    const places = [
      '/api/streams',
      '/api/streams/live',
      '/api/streams/scheduled',
      '/api/streams/past',
      '/api/channels',
    ];
    for (const role of ROLES) {
      const token = tokens.get(role);
      for (const place of places) {
        for (const filter of [
          '',
          `?channelId=${closed.channelId}`,
          `?userId=${people.broadcaster}`,
          '?search=canary',
          '?limit=100',
        ]) {
          const response = await fetch(`${server.url}${place}${filter}`, {
            headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          });
          for (const name of secretsIn(await response.text(), forbidden(role)))
            found.push(`${role}, ${place}${filter}: ${name}`);
        }
      }
    }
    expect(found).toEqual([]);
  });

  test(
    'are in no event that any socket hears while the owner works',
    async () => {
      await goLive();
      for (const world of [open, closed]) {
        const { streamId } = world;
        const clientId = v7();
        await vera.must('PATCH', `/api/streams/${streamId}`, { description: 'Changed', slowModeSeconds: 0 });
        const said = await vera.must('POST', `/api/streams/${streamId}/chat`, {
          content: world === closed ? PRIVATE_WORDS : 'Hello everybody',
          clientId,
        });
        await vera.must('POST', `/api/streams/${streamId}/chat/${String(said['id'])}/pin`);
        await vera.must('DELETE', `/api/streams/${streamId}/chat/${String(said['id'])}/pin`);
        await vera.must('DELETE', `/api/streams/${streamId}/chat/${String(said['id'])}`);
        // A flood: single ones first, then the sum.
        await Promise.all(
          Array.from({ length: 20 }, () =>
            vera.must('POST', `/api/streams/${streamId}/reactions`, { emoji: '🔥' }),
          ),
        );
        const asked = await vera.must('POST', `/api/streams/${streamId}/questions`, {
          content: 'Why?',
          clientId,
        });
        await vera.must('POST', `/api/streams/${streamId}/questions/${String(asked['id'])}/answer`, {
          answer: 'So.',
        });
        await socketOf.get('viewer')?.timeout(5000).emitWithAck('stream:leave', { streamId });
        await vera.must('POST', `/api/streams/${streamId}/bans`, {
          userId: people.stranger,
          reason: 'For the test',
        });
        const rotated = await vera.must('POST', `/api/streams/${streamId}/regenerate-key`, {});
        secrets.set(`second stream key of ${streamId}`, String(rotated['streamKey']));
        await vera.must('POST', `/api/streams/${streamId}/end`);
      }
      const owner = heard.get('owner') ?? [];
      // Until the last thing that was done has been heard, nothing is proven.
      await expect
        .poll(() => owner.filter((line) => line.includes('"stream:end"')).length, { timeout: 10_000 })
        .toBe(2);
      expect(owner.some((line) => line.includes(PRIVATE_WORDS))).toBe(true);

      const names = new Set(
        [...heard.values()].flat().map((line) => /^\["(stream:[a-z-]+)"/.exec(line)?.[1]),
      );
      const expected = [...Object.values(SOCKET_EVENTS), ...Object.values(LIVE_EVENTS)];
      expect(expected.filter((name) => !names.has(name))).toEqual([]);

      const found: string[] = [];
      for (const [role, lines] of heard) {
        for (const line of lines) {
          for (const name of secretsIn(line, forbidden(role)))
            found.push(`${role} hears ${name}: ${line.slice(0, 200)}`);
        }
      }
      expect(found).toEqual([]);
    },
    LONG_MS,
  );

  test('are in nothing that is answered while tables of the database are gone', async () => {
    const { pool } = server.test.database;
    const tables = ['nchat_streams', 'nchat_channels', 'users'];
    const statuses = new Set<number>();
    const found: string[] = [];
    try {
      for (const table of tables) await pool.query(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
      for (const route of ALL_ROUTES) {
        for (const [role, token] of [
          ['nobody', undefined],
          ['owner', tokens.get('owner')],
          ['admin', tokens.get('admin')],
        ] as const) {
          const right = RIGHTS.get(route.operation) ?? ANYONE;
          const { status, body, headers } = await callRoute(server, route, right, open, token);
          statuses.add(status);
          const text = `${JSON.stringify(headers)}\n${body.toString()}`;
          for (const name of secretsIn(text, forbidden(role)))
            found.push(`${role}, ${route.operation}: ${name}`);
          if (status >= 500 && /relation|nchat_|_gone|select|postgres| at /i.test(text))
            found.push(`${role}, ${route.operation}: words of the database: ${text.slice(-300)}`);
        }
      }
    } finally {
      for (const table of tables) await pool.query(`ALTER TABLE ${table}_gone RENAME TO ${table}`);
    }
    expect([...statuses].some((status) => status >= 500)).toBe(true);
    expect(found).toEqual([]);
  });

  test('are in no line of the log', () => {
    expect(server.logged.length).toBeGreaterThan(0);
    const found = server.logged.flatMap((line) =>
      secretsIn(line, secrets).map((name) => `${name}: ${line.slice(0, 200)}`),
    );
    expect(found).toEqual([]);
  });
});
