import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../packages/protocol/src/route.ts';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { DEFAULT_API_LIMITS } from '../../packages/server/src/api/api-limits.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { pathIn } from '../support/call-route.ts';
import { ControlServer } from '../support/control-server.ts';
import {
  HOSTILE_NUMBERS,
  HOSTILE_OTHERS,
  HOSTILE_TEXTS,
  type Place,
  placesOf,
  withValue,
} from '../support/hostile-values.ts';
import { RIGHTS } from '../support/rights-table.ts';
import { makePeople, makeWorld, type People, type World } from '../support/rights-world.ts';

let server: ControlServer;
let people: People;
/** Of an administrator, who passes every door, so that it is the body alone that is refused. */
let token: string;

beforeAll(async () => {
  server = await ControlServer.start();
  people = await makePeople(server.test.database);
  token = await server.tokenOf(people.admin);
});
afterAll(() => server.close());

const withBody = ALL_ROUTES.flatMap((route) =>
  route.body === undefined ? [] : [{ route, body: route.body }],
);

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends bytes under a name. */
async function send(
  route: Route,
  world: World,
  body: string | Uint8Array,
  type = 'application/json',
): Promise<Answer> {
  const path = pathIn(route, RIGHTS.get(route.operation) ?? { who: { inPublic: [], inPrivate: [] } }, world);
  const answer = await fetchOnce(server.url + path, {
    method: route.method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
    },
    body,
  });
  return { status: answer.status, text: answer.body.toString() };
}

const password = 'correct horse battery staple';
/** Bodies of what is about the caller's own account, and lines of the table with too little in them. */
const BODIES: Readonly<Record<string, object>> = {
  makeFirstAdmin: { token: 'none', email: 'a@example.org', password, displayName: 'A' },
  stepUp: { password },
  createApiToken: { name: 'A token', scopes: ['read'] },
  addModerator: { permissions: {} },
};

/** A body that the route takes. */
function valid(route: Route, world: World): object {
  return { ...RIGHTS.get(route.operation)?.body?.(world), ...BODIES[route.operation] };
}

/** nchat's words, which are about the one text that the route is for. */
const OF_THE_TEXT = /"(?:Message|Question|Invalid reaction type|Reaction|emoji)/;

/** True for an answer that says which place was wrong. */
function names({ text }: Answer, place: Place): boolean {
  if (OF_THE_TEXT.test(text)) return true;
  const member = place.path.findLast((name) => typeof name === 'string') ?? '';
  return text.toLowerCase().includes(member.toLowerCase());
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const maxBytes = ({ tag }: Route): number =>
  tag === 'accounts' ? DEFAULT_API_LIMITS.maxAuthBodyBytes : DEFAULT_API_LIMITS.maxBodyBytes;

describe('bodies that nobody should send', () => {
  test('there is something to test', () => {
    expect(withBody.length).toBeGreaterThan(25);
    expect(withBody.flatMap(({ body }) => placesOf(body)).length).toBeGreaterThan(100);
  });

  test.each(withBody.map(({ route }) => [route.operation, route] as const))(
    '%s refuses what is no JSON of its own, and says so',
    async (_operation, route) => {
      const world = await makeWorld(server.test.database, people, false);
      const whole = JSON.stringify(valid(route, world));
      const max = maxBytes(route);
      const cases: readonly (readonly [string, string | Uint8Array, number, string?])[] = [
        ['no bytes of another type', '', 415, 'text/plain'],
        ['text', whole, 415, 'text/plain'],
        ['a form', 'a=b', 415, 'application/x-www-form-urlencoded'],
        ['one byte too many', whole.padEnd(max + 1), 413],
        ['much too much', ' '.repeat(4 * max), 413],
        ['blanks', '   ', 400],
        ['half of it', whole.slice(0, -1), 400],
        ['more behind it', `${whole}{}`, 400],
        ['a comment', `/**/${whole}`, 400],
        ['single quotes', "{'a':1}", 400],
        ['not a number', '{"a":NaN}', 400],
        ['a byte order mark of UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le'), 400],
        ['a byte that is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
        ['an overlong NUL', Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 400],
        ['a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 400],
        ['a NUL between', `${whole}\0`, 400],
        ['17 levels', `{"deep":${nested(DEFAULT_API_LIMITS.maxJsonDepth)}}`, 400],
        ['8000 levels', nested(8000), 400],
        ...['null', '[]', '"x"', '1', 'true'].map((text) => [text, text, 400] as const),
      ];
      const wrong: string[] = [];
      for (const [name, body, status, type] of cases) {
        const answer = await send(route, world, body, type);
        if (answer.status !== status || !/"code":"[A-Z_]+","message":"./.test(answer.text))
          wrong.push(`${name}: ${answer.status} ${answer.text.slice(0, 160)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each(withBody.map(({ route, body }) => [route.operation, route, body] as const))(
    '%s names the member that is wrong, whatever is in it, and never breaks',
    async (_operation, route, schema) => {
      const world = await makeWorld(server.test.database, people, false);
      const base = valid(route, world);
      const wrong: string[] = [];
      for (const place of placesOf(schema)) {
        const values = [...HOSTILE_TEXTS, ...HOSTILE_NUMBERS, ...HOSTILE_OTHERS];
        const bodies = values.map((json) => withValue(base, place.path, json));
        // A few at a time: passwords are slow on purpose, and whoever waits too long for theirs is sent away.
        const answers: Answer[] = [];
        for (let at = 0; at < bodies.length; at += 4)
          answers.push(
            ...(await Promise.all(bodies.slice(at, at + 4).map((body) => send(route, world, body)))),
          );
        for (const [index, answer] of answers.entries()) {
          const what = `${place.path.join('.')} = ${String(values[index]).slice(0, 40)}`;
          const { status, text } = answer;
          if (status >= 500 && status !== 503) wrong.push(`${what}: ${status}`);
          if (status === 400 && text.includes('"INVALID_REQUEST"') && !names(answer, place))
            wrong.push(`${what} does not say where: ${text.slice(0, 200)}`);
          const isOfSchema = schema.safeParse(JSON.parse(bodies[index] ?? '')).success;
          if (!isOfSchema && status < 400) wrong.push(`${what}: ${status} ${text.slice(0, 100)}`);
        }
      }
      const failures = server.logged.filter(
        (line) => line.includes('"request failed"') && !line.includes('"UNAVAILABLE"'),
      );
      expect(wrong).toEqual([]);
      expect(failures).toEqual([]);
    },
  );

  test('of a member that comes twice the last is checked and used, and no other', async () => {
    const world = await makeWorld(server.test.database, people, false);
    const route = ALL_ROUTES.find(({ operation }) => operation === 'updateStream');
    if (route === undefined) throw new Error('there is no updateStream');
    expect((await send(route, world, '{"title":"First","title":5}')).status).toBe(400);
    const taken = await send(route, world, '{"title":5,"t\\u0069tle":"Last"}');
    expect([taken.status, JSON.parse(taken.text)]).toEqual([200, expect.objectContaining({ title: 'Last' })]);
  });
});
