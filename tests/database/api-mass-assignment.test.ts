import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../packages/protocol/src/route.ts';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { callRoute } from '../support/call-route.ts';
import { ControlServer } from '../support/control-server.ts';
import { hostToken } from '../support/host-token.ts';
import { type Ground, nchatGround, ownGround } from '../support/rights-ground.ts';
import { NOT_OF_IDS, RIGHTS } from '../support/rights-table.ts';
import { makePeople, makeWorld, type People } from '../support/rights-world.ts';
import { tableState } from '../support/table-state.ts';

/** Members that say who somebody is or what they may, in each spelling that some part might read. */
const CLAIMS = [
  ...[
    'id',
    'userId',
    'user_id',
    'ownerId',
    'owner_id',
    'createdBy',
    'created_by',
    'broadcasterId',
    'broadcaster_id',
  ],
  ...[
    'addedBy',
    'added_by',
    'moderatorId',
    'moderator_id',
    'pinnedBy',
    'pinned_by',
    'deletedBy',
    'answeredBy',
    'lifted_by',
  ],
  ...['actor', 'actorId', 'x-hasura-user-id', 'sub'],
];
const POWERS = {
  role: 'owner',
  serverRole: 'admin',
  server_role: 'admin',
  isAdmin: true,
  is_admin: true,
  isGuest: false,
  isOwner: true,
  permissions: { canBan: true },
  status: 'live',
  streamKey: 'live_forged',
  stream_key: 'live_forged',
  seq: 999_999,
  upvotes: 999_999,
  totalViewCount: 999_999,
  total_view_count: 999_999,
  scopes: ['admin'],
};

const withBody: readonly (readonly [string, Route])[] = ALL_ROUTES.filter(
  ({ body, operation }) => body !== undefined && !NOT_OF_IDS.has(operation),
).map((route) => [route.operation, route]);

describe.each([
  ['our own', undefined],
  ['nchat’s', 'rls'],
] as const)(
  'members that nobody asked for, on a database of %s (AVideo CVE-2026-33297, PeerTube CVE-2022-0133)',
  (_of, hostApp) => {
    const isHosted = hostApp !== undefined;
    const forged = v7();
    let server: ControlServer;
    let people: People;
    let ground: Ground;

    beforeAll(async () => {
      server = await ControlServer.start(isHosted ? { hostApp } : {});
      const { database } = server.test;
      ground = isHosted ? nchatGround(database) : ownGround(database);
      people = await makePeople(database, ground);
      await ground.addPerson(forged, 'forged');
    });
    afterAll(() => server?.close());

    test.each(withBody)('%s ignores them', async (operation, route) => {
      const right = RIGHTS.get(operation);
      if (right === undefined) throw new Error(`${operation} is not in the table`);
      // The least of those who may: what they must not get is the most.
      const may = (isHosted ? right.inHost : undefined) ?? right.who;
      const role = may.inPublic.find((each) => each !== 'nobody' && !(isHosted && each === 'guest'));
      if (role === undefined) return;
      const world = await makeWorld(server.test.database, people, false, ground);
      const person = people[role === 'nobody' ? 'viewer' : role];
      const asked = { ...right.body?.(world) };
      const claims = Object.fromEntries(CLAIMS.map((name) => [name, forged]));
      const meant = new Set(Object.keys(asked));
      const extra = Object.fromEntries(
        Object.entries({ ...claims, ...POWERS }).filter(([name]) => !meant.has(name)),
      );
      // A moderator's permissions are a body's own member.
      if (operation === 'addModerator') delete extra['permissions'];

      const { status, body } = await callRoute(
        server,
        route,
        right,
        world,
        await (isHosted
          ? hostToken(server, person, role === 'admin' ? ['user', 'admin'] : ['user'])
          : server.tokenOf(person)),
        extra,
      );
      expect([status, body.toString().slice(0, 200)]).not.toEqual([500, expect.anything()]);

      const state = await tableState(server.test);
      const tablesWith = (text: string): string[] =>
        [...state].filter(([, rows]) => rows.includes(text)).map(([name]) => name);
      expect(tablesWith(forged)).toEqual(['users']);
      expect(tablesWith('live_forged')).toEqual([]);
      expect(tablesWith('999999')).toEqual([]);
      const { rows } = await server.test.database.pool.query<{ user_id: string }>(
        `SELECT user_id FROM nchat_live_accounts WHERE server_role = 'admin'`,
      );
      expect(rows.map(({ user_id }) => user_id)).toEqual(isHosted ? [] : [people.admin]);
      const { rows: owners } = await server.test.database.pool.query<{ user_id: string }>(
        `SELECT user_id FROM nchat_channel_members WHERE role = 'owner' AND channel_id = $1`,
        [world.channelId],
      );
      expect(owners.map(({ user_id }) => user_id)).toEqual(
        operation === 'deleteChannel' ? [] : [people.owner],
      );
    });
  },
);
