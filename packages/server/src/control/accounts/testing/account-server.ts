import { randomBytes } from 'node:crypto';
import { liveError, StreamError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { Actor } from '../../../api/actor.ts';
import type { ApiHandler, ApiRoutes } from '../../../api/route-handler.ts';
import { ApiReply } from '../../../api/route-handler.ts';
import { TestDatabase } from '../../../db/testing/test-database.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import { type Accounts, type AccountsOptions, openAccounts } from '../accounts.ts';

/** What an answer was, taken apart. */
export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of any form
  readonly body: any;
  readonly headers: Headers;
}

/** What a request says besides method, path and body. */
export interface Says {
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
}

/** The accounts on a database of their own, asked without a network: as the API would ask them. */
export class AccountServer {
  readonly accounts: Accounts;
  readonly test: TestDatabase;
  readonly events: ControlEvents;
  readonly masterKey: Uint8Array;
  readonly #routes: { route: Route; handler: ApiHandler<Route> }[] = [];
  #peers = 0;

  private constructor(accounts: Accounts, test: TestDatabase, events: ControlEvents, masterKey: Uint8Array) {
    this.accounts = accounts;
    this.test = test;
    this.events = events;
    this.masterKey = masterKey;
    const api: ApiRoutes = {
      on: (route, handler) => {
        this.#routes.push({ route, handler });
      },
    };
    accounts.register(api);
  }

  static async open(options: Partial<AccountsOptions> = {}, database?: TestDatabase): Promise<AccountServer> {
    const test = database ?? (await TestDatabase.create());
    const events = new ControlEvents();
    const masterKey = options.masterKey ?? randomBytes(32);
    const accounts = await openAccounts({
      database: test.database,
      events,
      log: silentLogger,
      masterKey,
      publicUrl: 'http://live.test',
      ...options,
    });
    return new AccountServer(accounts, test, events, masterKey);
  }

  /** Asks the handler of `/api/auth`, each time from another address unless one is given. */
  async auth(method: string, path: string, body?: unknown, says: Says = {}): Promise<Answer> {
    const response = await this.accounts.authHandler(
      new Request(`http://live.test/api/auth${path}`, {
        method,
        headers: {
          host: 'live.test',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(says.headers?.['cookie'] === undefined ? {} : { origin: 'http://live.test' }),
          ...says.headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        redirect: 'manual',
      }),
      says.address ?? this.#someAddress(),
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : parsed(text),
    };
  }

  /** Asks a route of the API, which checks who may and what as the real one does. */
  async api(method: string, path: string, body?: unknown, says: Says = {}): Promise<Answer> {
    try {
      return await this.#api(method, path, body, says);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      return {
        status: error.statusCode,
        body: { code: error.code, message: error.message },
        headers: new Headers(),
      };
    }
  }

  async #api(method: string, path: string, body: unknown, says: Says): Promise<Answer> {
    const url = new URL(path, 'http://live.test');
    const actor = await this.accounts.resolver.resolve(says.headers ?? {});
    for (const { route, handler } of this.#routes) {
      const params = paramsOf(route.path, url.pathname);
      if (route.method !== method || params === undefined) continue;
      refuse(route, actor);
      const answer = await handler({
        actor,
        params: checked(route.params, params) as never,
        query: checked(route.query, Object.fromEntries(url.searchParams)) as never,
        body: checked(route.body, body) as never,
        address: says.address ?? this.#someAddress(),
        userAgent: undefined,
        header: (name) => says.headers?.[name.toLowerCase()],
      });
      const reply = answer instanceof ApiReply ? answer : new ApiReply(answer);
      const headers = new Headers();
      for (const [name, value] of Object.entries(reply.headers))
        for (const one of [value].flat()) headers.append(name, one);
      return { status: reply.status ?? route.status ?? 200, body: route.response.parse(reply.body), headers };
    }
    throw liveError('NOT_FOUND', path);
  }

  /** Signs up; returns the cookie and the token for apps without cookies. */
  async signUp(email: string, name = 'Somebody', password = 'correct horse'): Promise<SignedIn> {
    const answer = await this.auth('POST', '/sign-up/email', { email, name, password });
    return signedIn(answer);
  }

  async signIn(email: string, password = 'correct horse', says: Says = {}): Promise<SignedIn> {
    return signedIn(await this.auth('POST', '/sign-in/email', { email, password }, says));
  }

  /** Makes the first administrator and signs in. */
  async admin(email = 'admin@live.test'): Promise<SignedIn> {
    const token = this.accounts.setupToken();
    const answer = await this.api('POST', '/api/setup', {
      token,
      email,
      password: 'correct horse',
      displayName: 'Admin',
    });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return await this.signIn(email);
  }

  async close(): Promise<void> {
    await this.accounts.close();
    await this.test.drop();
  }

  #someAddress(): string {
    this.#peers++;
    return `10.${this.#peers >> 16}.${(this.#peers >> 8) & 255}.${this.#peers & 255}`;
  }
}

/** Who is signed in now. */
export interface SignedIn {
  readonly userId: string;
  /** Headers with the cookie. */
  readonly cookie: { readonly cookie: string };
  /** Headers with the bearer token. */
  readonly bearer: { readonly authorization: string };
  readonly answer: Answer;
}

/** Takes a sign-in's answer apart. Throws when nobody was signed in. */
export function signedIn(answer: Answer): SignedIn {
  if (answer.status !== 200) throw new Error(`${String(answer.status)} ${JSON.stringify(answer.body)}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .join('; ');
  return {
    userId: answer.body?.user?.id,
    cookie: { cookie },
    bearer: { authorization: `Bearer ${answer.headers.get('set-auth-token') ?? ''}` },
    answer,
  };
}

function refuse(route: Route, actor: Actor): void {
  if (route.access === 'public') return;
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'nobody');
  if (route.access === 'account' && actor.isGuest) throw liveError('FORBIDDEN', 'a guest');
  if (route.access === 'admin' && actor.role !== 'admin') throw liveError('FORBIDDEN', 'no admin');
  if (route.stepUp === true && Date.now() - (actor.provenAtMs ?? 0) > 300_000)
    throw liveError('STEP_UP_REQUIRED', 'prove it');
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const [want, have] = [pattern.split('/'), path.split('/')];
  if (want.length !== have.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of want.entries()) {
    const given = have[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return params;
}

function checked(schema: Route['body'], value: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (!result.success) throw liveError('INVALID_REQUEST', result.error.message);
  return result.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
