import { HttpServer } from '../../http/server.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import { type Actor, type ActorResolver, NOBODY } from '../actor.ts';
import { Api } from '../api.ts';
import type { ApiOptions } from '../api-options.ts';

/** Believes `Authorization: Test <JSON of an Actor>` and, for requests of a browser, the cookie `actor=<the same, URL-encoded>`. */
export const testActors: ActorResolver = {
  async resolve({ authorization, cookie }) {
    if (typeof authorization === 'string' && authorization.startsWith('Test ')) {
      return JSON.parse(authorization.slice(5)) as Actor;
    }
    const value = typeof cookie === 'string' ? /actor=([^;]+)/.exec(cookie)?.[1] : undefined;
    return value === undefined ? NOBODY : (JSON.parse(decodeURIComponent(value)) as Actor);
  },
};

/** The header that makes a request somebody's. */
export function asActor(actor: Actor): { authorization: string } {
  return { authorization: `Test ${JSON.stringify(actor)}` };
}

/** Somebody with an account. */
export function account(userId: string, more: Partial<Actor> = {}): Actor {
  return { userId, role: 'user', isGuest: false, by: 'session', ...more };
}

/** An API behind a real HTTP server on a free port of this machine. */
export class ApiServer {
  readonly api: Api;
  readonly url: string;
  readonly #http: HttpServer;

  private constructor(api: Api, http: HttpServer, url: string) {
    this.api = api;
    this.#http = http;
    this.url = url;
  }

  /** @param routes puts the routes in. */
  static async start(
    routes: (api: Api) => void,
    options: Partial<ApiOptions> & { readonly log?: Logger; readonly clock?: Clock } = {},
  ): Promise<ApiServer> {
    const log = options.log ?? silentLogger;
    const api = new Api({
      actors: testActors,
      clientAddress: ({ socket }) => socket.remoteAddress ?? '',
      clock: systemClock,
      strictAnswers: true,
      ...options,
      log,
    });
    routes(api);
    await api.open();
    const http = new HttpServer({ host: '127.0.0.1', httpPort: 0, handlers: [api], log });
    const { httpPort } = await http.listen();
    return new ApiServer(api, http, `http://127.0.0.1:${httpPort}`);
  }

  async close(): Promise<void> {
    await this.#http.close();
    this.api.close();
  }
}
