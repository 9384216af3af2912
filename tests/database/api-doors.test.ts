import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlServer } from '../support/control-server.ts';
import { makePeople, makeWorld, type People, type World } from '../support/rights-world.ts';
import { tableState } from '../support/table-state.ts';

let server: ControlServer;
let people: People;
let world: World;

beforeAll(async () => {
  server = await ControlServer.start();
  people = await makePeople(server.test.database);
  world = await makeWorld(server.test.database, people, false);
});
afterAll(() => server.close());

describe('doors that are none (AVideo CVE-2026-34731, CVE-2026-33716)', () => {
  test.each([
    '/metrics',
    '/api/metrics',
    '/internal/on_publish_done',
    '/api/internal/publish',
    '/api/on_publish',
    '/api/on_publish_done',
    '/api/hooks/publish',
    '/api/streams/stats.json',
    '/api/debug',
    '/debug/pprof',
    '/api/config',
    '/api/auth/admin/list-users',
    '/api/auth/update-user',
    '/api/auth/error',
  ])('%s answers nobody and changes nothing', async (path) => {
    const before = await tableState(server.test);
    const admin = await server.tokenOf(people.admin);
    for (const headers of [{}, { authorization: `Bearer ${admin}` }]) {
      for (const method of ['GET', 'POST']) {
        const body =
          method === 'POST' ? JSON.stringify({ name: world.streamId, call: 'publish_done' }) : undefined;
        const response = await fetch(server.url + path, {
          method,
          headers: { ...headers, 'content-type': 'application/json', origin: server.url },
          ...(body === undefined ? {} : { body }),
        });
        // A path that is an id is no id.
        expect([400, 404, 405]).toContain(response.status);
      }
    }
    expect(await tableState(server.test)).toEqual(before);
  });

  test('/readyz says what is there, and nothing of where', async () => {
    const response = await fetch(`${server.url}/readyz`);
    expect(response.status).toBe(200);
    const { hostname, port, pathname } = new URL(server.test.url);
    const text = await response.text();
    for (const secret of [hostname, port, pathname.slice(1)]) expect(text).not.toContain(secret);
  });
});

describe('Idempotency-Key on a create', () => {
  test('of ten at once, and one later, one stream is made', async () => {
    const token = await server.tokenOf(people.owner);
    const key = v7();
    const create = async (title: string) => {
      const response = await fetch(`${server.url}/api/streams/create`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ channelId: world.channelId, title }),
      });
      return { status: response.status, body: (await response.json()) as { id?: string; code?: string } };
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => create('Once')));
    answers.push(await create('Once'));
    expect(new Set(answers.map(({ body }) => body.id))).toEqual(new Set([expect.any(String)]));
    const other = await create('Another');
    expect([other.status, other.body.code]).toEqual([409, 'IDEMPOTENCY_MISMATCH']);
    const { rows } = await server.test.database.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM nchat_streams WHERE title IN ('Once', 'Another')`,
    );
    expect(rows[0]?.count).toBe(1);
  });

  test.each([
    ['/api/streams/create', 'nchat_streams', 'title'],
    ['/api/channels', 'nchat_channels', 'name'],
  ])(
    '%s: of one whose server was killed after the commit, before the answer was kept, one is made',
    async (path, table, column) => {
      const token = await server.tokenOf(people.owner);
      const [key, title] = [v7(), `Killed ${table}`];
      const create = async (): Promise<unknown> => {
        const response = await fetch(server.url + path, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(
            table === 'nchat_streams' ? { channelId: world.channelId, title } : { name: title },
          ),
        });
        return [response.status, await response.json()];
      };
      const { pool } = server.test.database;
      const first = await create();
      await pool.query(
        `UPDATE nchat_live_idempotency SET status = NULL, body = NULL, created_at = now() - interval '61 s' WHERE key = $1`,
        [key],
      );
      expect(await create()).toEqual(first);
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*) AS count FROM ${table} WHERE ${column} = $1`,
        [title],
      );
      expect(rows[0]?.count).toBe(1);
    },
  );
});
