import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { callRoute } from '../support/call-route.ts';
import { ControlServer } from '../support/control-server.ts';
import { NOT_OF_IDS, RIGHTS } from '../support/rights-table.ts';
import { makePeople, makeWorld, type People, ROLES, type Role } from '../support/rights-world.ts';
import { changedTables, tableState } from '../support/table-state.ts';

const REFUSALS = new Set([401, 403, 404]);
const tested = ALL_ROUTES.filter(({ operation }) => !NOT_OF_IDS.has(operation));

let server: ControlServer;
let people: People;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  server = await ControlServer.start();
  people = await makePeople(server.test.database);
  for (const role of ROLES) if (role !== 'nobody') tokens.set(role, await server.tokenOf(people[role]));
});
afterAll(() => server.close());

describe('rights (better-auth CVE-2025-61928, streama CVE-2026-73039, PeerTube CVE-2022-0170)', () => {
  test('every operation of the API has a line in the table, and the server has every operation', () => {
    expect(tested.map(({ operation }) => operation).filter((name) => !RIGHTS.has(name))).toEqual([]);
    expect([...RIGHTS.keys()].filter((name) => !tested.some(({ operation }) => operation === name))).toEqual(
      [],
    );
    const served = server.routes.map(({ operation }) => operation);
    expect(ALL_ROUTES.map(({ operation }) => operation).filter((name) => !served.includes(name))).toEqual([]);
  });

  describe.each([
    ['a public channel', false],
    ['a private channel', true],
  ] as const)('in %s', (_name, isPrivate) => {
    test.each(tested.map((route) => [route.operation, route] as const))('%s', async (operation, route) => {
      const right = RIGHTS.get(operation);
      if (right === undefined) throw new Error(`${operation} is not in the table`);
      const may = isPrivate ? right.who.inPrivate : right.who.inPublic;
      const may_not = ROLES.filter((role) => !may.includes(role));
      const wrong: string[] = [];

      const world = await makeWorld(server.test.database, people, isPrivate);
      const before = await tableState(server.test);
      for (const role of may_not) {
        const { status, body } = await callRoute(server, route, right, world, tokens.get(role));
        const expected = role === 'nobody' && route.access !== 'public' ? [401] : [...REFUSALS];
        if (!expected.includes(status)) wrong.push(`${role} got ${status}: ${body.toString().slice(0, 200)}`);
      }
      const changed = changedTables(before, await tableState(server.test));
      if (changed.length > 0) wrong.push(`who was refused changed ${changed.join(', ')}`);

      for (const role of may) {
        const own = await makeWorld(server.test.database, people, isPrivate);
        const { status, body } = await callRoute(server, route, right, own, tokens.get(role));
        const isRefused = REFUSALS.has(status) && !isEmpty(operation, status);
        if (isRefused || status >= 500 || status === 400) {
          // A state that the world is not in is no lack of rights, a request that is not valid would hide one.
          if (!/NOT_LIVE|NOT_SCHEDULED|ALREADY_LIVE/.test(body.toString())) {
            wrong.push(`${role} may, and got ${status}: ${body.toString().slice(0, 200)}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    });
  });
});

/** There may be nothing there for who may see it. */
function isEmpty(operation: string, status: number): boolean {
  return status === 404 && ['getStreamThumbnail', 'revealStreamKey', 'unpinChatMessage'].includes(operation);
}
