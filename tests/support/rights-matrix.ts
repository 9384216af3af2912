import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import type { RawAnswer } from '../../packages/server/src/http/testing/raw-client.ts';
import { callRoute } from './call-route.ts';
import { ControlServer, type ControlServerOptions } from './control-server.ts';
import { hostToken } from './host-token.ts';
import { type Ground, nchatGround, ownGround } from './rights-ground.ts';
import { type Circle, NOT_OF_IDS, RIGHTS } from './rights-table.ts';
import { forgetWorlds, makePeople, makeWorld, type People, ROLES, type Role } from './rights-world.ts';
import { changedTables, tableState } from './table-state.ts';

const REFUSALS = new Set([401, 403, 404]);
const tested = ALL_ROUTES.filter(({ operation }) => !NOT_OF_IDS.has(operation));

/** Each route × each role × own and foreign, in a public channel and in a private one: who may, may, and who may not changes nothing. */
export function testRights(options: ControlServerOptions = {}): void {
  const isHosted = options.hostApp !== undefined;
  const roles = ROLES.filter((role) => !isHosted || role !== 'guest');
  let server: ControlServer;
  let people: People;
  let ground: Ground;
  const tokens = new Map<Role, string>();

  beforeAll(async () => {
    server = await ControlServer.start(options);
    const { database } = server.test;
    ground = isHosted ? nchatGround(database) : ownGround(database);
    people = await makePeople(database, ground);
    for (const role of roles) {
      if (role === 'nobody') continue;
      const id = people[role];
      // Elsewhere the account's own row makes an administrator; a host app's token does.
      const inHost = () => hostToken(server, id, role === 'admin' ? ['user', 'admin'] : ['user']);
      tokens.set(role, await (isHosted ? inHost() : server.tokenOf(id)));
    }
  });
  afterAll(() => server?.close());

  test('every operation of the API has a line in the table, and the server has every operation', async () => {
    expect(tested.map(({ operation }) => operation).filter((name) => !RIGHTS.has(name))).toEqual([]);
    expect([...RIGHTS.keys()].filter((name) => !tested.some(({ operation }) => operation === name))).toEqual(
      [],
    );
    const served = await server.operations();
    expect(ALL_ROUTES.map(({ operation }) => operation).filter((name) => !served.includes(name))).toEqual([]);
  });

  describe.each([
    ['a public channel', false],
    ['a private channel', true],
  ] as const)('in %s', (_name, isPrivate) => {
    test.each(tested.map((route) => [route.operation, route] as const))('%s', async (operation, route) => {
      const right = RIGHTS.get(operation);
      if (right === undefined) throw new Error(`${operation} is not in the table`);
      const { database } = server.test;
      const inCircle = (circle: Circle): readonly Role[] => (isPrivate ? circle.inPrivate : circle.inPublic);
      const circle = inCircle((isHosted ? right.inHost : undefined) ?? right.who);
      const may = roles.filter((role) => circle.includes(role));
      const mayNot = roles.filter((role) => !circle.includes(role));
      const wrong: string[] = [];

      const world = await makeWorld(database, people, isPrivate, ground);
      const before = await tableState(server.test);
      const refused = await Promise.all(
        mayNot.map(async (role) => ({
          role,
          answer: await callRoute(server, route, right, world, tokens.get(role)),
        })),
      );
      for (const { role, answer } of refused) {
        const expected = role === 'nobody' && route.access !== 'public' ? [401] : [...REFUSALS];
        if (!expected.includes(answer.status)) wrong.push(`${role} may not, and got ${told(answer)}`);
      }
      const changed = changedTables(before, await tableState(server.test));
      if (changed.length > 0) wrong.push(`who was refused changed ${changed.join(', ')}`);

      const allowed = await Promise.all(
        may.map(async (role) => {
          const own = await makeWorld(database, people, isPrivate, ground);
          return { role, own, answer: await callRoute(server, route, right, own, tokens.get(role)) };
        }),
      );
      for (const { role, own, answer } of allowed) {
        const isDone = answer.status < 400 || isStateOnly(operation, answer);
        if (!isDone) wrong.push(`${role} may, and got ${told(answer)}`);
        const { hides } = right;
        if (hides === undefined) continue;
        const sees = answer.body.includes(hides.text(own, people));
        const shouldSee = inCircle(hides.from).includes(role);
        if (sees !== shouldSee) wrong.push(`${role} ${sees ? 'sees' : 'does not see'} ${told(answer)}`);
      }
      await forgetWorlds(database, people, ground);
      expect(wrong).toEqual([]);
    });
  });
}

function told({ status, body }: RawAnswer): string {
  return `${status}: ${body.toString().slice(0, 200)}`;
}

/** A state that the world is not in is no lack of rights; a request that is not valid would hide one, and counts. */
function isStateOnly(operation: string, { status, body }: RawAnswer): boolean {
  if (status === 404)
    return ['getStreamThumbnail', 'revealStreamKey', 'unpinChatMessage'].includes(operation);
  return /"STREAM_(?:NOT_LIVE|NOT_SCHEDULED|ALREADY_LIVE|NOT_PREPARED)"|"CONFLICT"/.test(body.toString());
}
