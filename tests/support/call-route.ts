import type { Route } from '../../packages/protocol/src/route.ts';
import { fetchOnce, type RawAnswer } from '../../packages/server/src/http/testing/raw-client.ts';
import type { ControlServer } from './control-server.ts';
import type { Right } from './rights-table.ts';
import type { World } from './rights-world.ts';

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Calls a route about a world, as whoever the token is of. */
export function callRoute(
  server: ControlServer,
  route: Route,
  right: Right,
  world: World,
  token: string | undefined,
  more: object = {},
): Promise<RawAnswer> {
  const isJson = route.body !== undefined;
  const body = isJson
    ? JSON.stringify({ ...right.body?.(world), ...more })
    : route.consumes === undefined
      ? ''
      : PIXEL;
  return fetchOnce(server.url + pathIn(route, right, world), {
    method: route.method,
    headers: {
      // Node tells no length of a DELETE's body by itself.
      'content-length': String(Buffer.byteLength(body)),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...(route.consumes === undefined ? {} : { 'content-type': 'image/png' }),
    },
    body,
  });
}

/** The path of a route about a world. */
export function pathIn(route: Route, right: Right, world: World): string {
  const given = new Map(Object.entries({ ...world, userId: world.targetId, ...right.params?.(world) }));
  const id = right.id?.(world) ?? (route.path.startsWith('/api/channels') ? world.channelId : world.streamId);
  return route.path.replace(/:(\w+)/g, (_, name: string) =>
    name === 'id' ? id : (given.get(name) ?? `no-${name}`),
  );
}
