import type { Route } from '../../packages/protocol/src/route.ts';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import type { OriginPolicy } from '../../packages/server/src/api/origin-policy.ts';
import { ApiServer } from '../../packages/server/src/api/testing/api-server.ts';

/** An id that looks like ours and is nobody's. */
export const SOME_ID = '0192f0c0-0000-7000-8000-00000000000f';

/** A route's path with one value for all of its parameters. */
export function pathOf(route: Route, value = SOME_ID): string {
  return route.path.replace(/:[A-Za-z0-9_]+/g, value);
}

/** Every route of the API behind its real door, and behind that only a counter: what was let through. */
export class ApiProbe {
  readonly server: ApiServer;
  readonly #reached: string[];

  private constructor(server: ApiServer, reached: string[]) {
    this.server = server;
    this.#reached = reached;
  }

  static async start(origins?: OriginPolicy): Promise<ApiProbe> {
    const reached: string[] = [];
    const server = await ApiServer.start(
      (api) => {
        for (const route of ALL_ROUTES) {
          api.on(route, async () => {
            reached.push(route.operation);
            // Lists may be empty; of anything else the door lets an answer out without its members.
            return route.response.safeParse([]).success ? [] : {};
          });
        }
      },
      {
        strictAnswers: false,
        limits: { userRequestsPerMinute: 1e9, anonymousRequestsPerMinute: 1e9 },
        ...(origins === undefined ? {} : { origins }),
      },
    );
    return new ApiProbe(server, reached);
  }

  /** Operations that were reached since the last time somebody asked. */
  reached(): readonly string[] {
    return this.#reached.splice(0);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
