import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_EVENTS } from '../../packages/protocol/src/realtime/client-events.ts';
import type { Route } from '../../packages/protocol/src/route.ts';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { AUTH_ENDPOINTS } from '../../packages/server/src/control/accounts/auth-endpoints.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { pathIn } from '../support/call-route.ts';
import { ControlServer } from '../support/control-server.ts';
import {
  HOSTILE_NUMBERS,
  HOSTILE_OTHERS,
  HOSTILE_TEXTS,
  placesOf,
  withValue,
} from '../support/hostile-values.ts';
import { RIGHTS, type Right } from '../support/rights-table.ts';
import { makePeople, makeWorld, type People, type World } from '../support/rights-world.ts';

/** Values of a query or path that are no UTF-8, no number, no time, or too much. */
const HOSTILE_PARTS = [
  ...[
    '',
    '%00',
    'a%00b',
    '%FF',
    '%ED%A0%80',
    '%C0%80',
    '%E2%80%AE',
    '%0d%0a',
    '%25',
    '%5C',
    "'%20OR%201=1--",
  ],
  ...['NaN', 'Infinity', '-1', '0', '1.5', '1e400', '1e-320', '0x10', '9'.repeat(30), '2147483648'],
  ...['9223372036854775808', 'null', 'true', '[]', '{}', 'x'.repeat(1500), '%F0%9F%94%A5'],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', '2026-02-30T00:00:00Z', '2026-01-01'],
];

/** They are many requests, and CI's machine has other things to do. */
const LONG_MS = 240_000;

let server: ControlServer;
let people: People;
let world: World;
let token: string;
const anyone: Right = { who: { inPublic: [], inPrivate: [] } };

beforeAll(async () => {
  server = await ControlServer.start();
  people = await makePeople(server.test.database);
  world = await makeWorld(server.test.database, people, false);
  token = await server.tokenOf(people.admin);
});
afterAll(() => server.close());

/** What the server logged of requests that it could not answer: each is a bug, but for what a database that is slow today says. */
const failures = (): string[] =>
  server.logged.filter(
    (line) =>
      /"request failed"|"a request of a client failed"|could not be written/.test(line) &&
      !line.includes('"UNAVAILABLE"'),
  );

/** A 503 is an honest answer where the machine has no time. */
const isBroken = (status: number): boolean => status >= 500 && status !== 503;

const get = (route: Route, path: string) =>
  fetchOnce(server.url + path, {
    method: route.method,
    headers: { authorization: `Bearer ${token}`, 'content-length': '0' },
  });

test(
  'no parameter of a query breaks a route, and one that is refused is named',
  async () => {
    const wrong: string[] = [];
    const withQuery = ALL_ROUTES.flatMap((route) =>
      route.query === undefined ? [] : [{ route, query: route.query }],
    );
    expect(withQuery.length).toBeGreaterThan(10);
    for (const { route, query } of withQuery) {
      const path = pathIn(route, RIGHTS.get(route.operation) ?? anyone, world);
      for (const name of Object.keys(query.shape)) {
        const asked = HOSTILE_PARTS.flatMap((value) => [`${name}=${value}`, `${name}=1&${name}=${value}`]);
        const answers = await Promise.all(asked.map((text) => get(route, `${path}?${text}`)));
        for (const [index, { status, body }] of answers.entries()) {
          const text = body.toString();
          const what = `${route.operation}?${asked[index]?.slice(0, 60)}`;
          if (isBroken(status)) wrong.push(`${what}: ${status}`);
          if (status === 400 && text.includes('"INVALID_REQUEST"') && !text.includes(name))
            wrong.push(`${what} does not say where: ${text.slice(0, 160)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(failures()).toEqual([]);
  },
  LONG_MS,
);

test(
  'no element of a path breaks a route',
  async () => {
    const wrong: string[] = [];
    for (const route of ALL_ROUTES.filter(({ params }) => params !== undefined)) {
      for (const name of route.path.match(/:\w+/g) ?? []) {
        for (const value of HOSTILE_PARTS.filter((each) => each !== '')) {
          const path = pathIn(
            { ...route, path: route.path.replace(name, value) },
            RIGHTS.get(route.operation) ?? anyone,
            world,
          );
          const { status } = await get(route, path);
          if (isBroken(status) || status < 400)
            wrong.push(`${route.operation} ${name}=${value.slice(0, 40)}: ${status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(failures()).toEqual([]);
  },
  LONG_MS,
);

test(
  'no member of a body breaks what is below /api/auth',
  async () => {
    const wrong: string[] = [];
    const person = { email: 'hostile@example.org', username: 'hostile', password: 'correct horse battery' };
    const base = {
      ...person,
      name: 'H',
      currentPassword: 'x',
      newPassword: 'another horse battery',
      provider: 'x',
    };
    let asked = 0;
    for (const [endpoint, { body }] of AUTH_ENDPOINTS) {
      if (body === undefined) continue;
      const [method = '', path = ''] = endpoint.split(' ');
      for (const place of placesOf(body)) {
        for (const json of [...HOSTILE_TEXTS, '1e400', 'null', '[]', '{"a":{}}']) {
          asked += 1;
          const { status } = await fetchOnce(`${server.url}/api/auth${path}`, {
            method,
            headers: { 'content-type': 'application/json' },
            body: withValue(base, place.path, json),
          });
          if (isBroken(status) || status === 429)
            wrong.push(`${endpoint} ${place.path.join('.')} = ${json.slice(0, 40)}: ${status}`);
        }
      }
    }
    expect(asked).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
    expect(failures()).toEqual([]);
  },
  LONG_MS,
);

describe('events', () => {
  let socket: Socket;
  beforeAll(async () => {
    socket = io(server.url, { transports: ['websocket'], forceNew: true, auth: { token } });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
  });
  afterAll(() => socket.disconnect());

  const ask = (
    event: string,
    payload: unknown,
  ): Promise<{ ok: boolean; error?: { code: string; message: string } }> =>
    socket.timeout(10_000).emitWithAck(event, payload);

  test.each(Object.entries(CLIENT_EVENTS))('no payload breaks %s', async (event, { request }) => {
    const { streamId, messageId, questionId, sessionId } = world;
    const base = {
      streamId,
      messageId,
      questionId,
      sessionId,
      content: 'Hello',
      clientId: v7(),
      emoji: '🔥',
    };
    const members = new Set(Object.keys(request.shape));
    const own = Object.fromEntries(Object.entries(base).filter(([name]) => members.has(name)));
    const wrong: string[] = [];
    for (const place of placesOf(request)) {
      const values = [...HOSTILE_TEXTS, ...HOSTILE_NUMBERS, ...HOSTILE_OTHERS];
      const answers = await Promise.all(
        // JSON has no such numbers, and what reads frames would make null of them: as texts of JSON they stay what they are.
        values.map((json) => ask(event, JSON.parse(withValue(own, place.path, json)))),
      );
      for (const [index, { ok, error }] of answers.entries()) {
        const what = `${place.path.join('.')} = ${values[index]?.slice(0, 40)}`;
        if (!ok && (error === undefined || error.code === 'INTERNAL'))
          wrong.push(`${what}: ${JSON.stringify(error)}`);
      }
    }
    for (const payload of [null, undefined, 1, '', [], 'x', true])
      expect((await ask(event, payload)).error?.code).toBe('INVALID_REQUEST');
    expect(wrong).toEqual([]);
    expect(failures()).toEqual([]);
    expect(socket.connected).toBe(true);
  });

  test('a position that is nothing in 32 bits takes nobody’s reactions with it', async () => {
    const own = await makeWorld(server.test.database, people, false);
    const positions = [1e-320, 50, 1e-45, 100];
    const sent = positions.map((positionX) =>
      ask('reaction:send', { streamId: own.streamId, emoji: '🎉', positionX }),
    );
    expect((await Promise.all(sent)).map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const count = async (): Promise<number> => {
      const { rows } = await server.test.database.pool.query<{ count: string }>(
        'SELECT count(*) AS count FROM nchat_stream_reactions WHERE stream_id = $1',
        [own.streamId],
      );
      return Number(rows[0]?.count);
    };
    await expect.poll(count, { timeout: 5000 }).toBe(4);
  });
});
