import { liveError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import { accountRoutes } from '@tallylight/protocol/routes/accounts.ts';
import type { Actor } from '../../api/actor.ts';
import { ApiReply, type ApiRequest, type ApiRoutes } from '../../api/route-handler.ts';
import { passwordResetUrl } from './account-mails.ts';
import type { AccountService, Person } from './account-service.ts';
import type { ApiTokens } from './api-tokens.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { FirstAdmin } from './first-admin.ts';
import type { PasswordResets } from './password-resets.ts';

/** What {@link registerAccountRoutes} needs. */
export interface AccountRoutesDeps {
  readonly service: AccountService;
  readonly tokens: ApiTokens;
  readonly firstAdmin: FirstAdmin;
  readonly resets: PasswordResets;
  readonly attempts: AttemptLimits;
  readonly publicUrl: string;
  readonly signUp: 'open' | 'closed';
  /** Whether somebody may come without an account. */
  readonly guests: boolean;
  readonly resetByMail: boolean;
  readonly providers: readonly { readonly id: string; readonly name: string }[];
  /** Extends the session of these cookies; returns the cookies to set. */
  readonly extendSession: (cookie: string) => Promise<readonly string[]>;
}

/** Puts people, sessions and tokens into the API. */
export function registerAccountRoutes(api: ApiRoutes, deps: AccountRoutesDeps): void {
  forStrangers(api, deps);
  forOneself(api, deps);
  forSessionsAndTokens(api, deps);
  forAdmins(api, deps);
}

function forStrangers(api: ApiRoutes, { firstAdmin, attempts, ...deps }: AccountRoutesDeps): void {
  api.on(accountRoutes.signInOptions, async () => ({
    needsSetup: await firstAdmin.isNeeded(),
    signUp: deps.signUp,
    guests: deps.guests,
    passwordResetByMail: deps.resetByMail,
    providers: [...deps.providers],
  }));
  api.on(accountRoutes.setup, async ({ body, address }) => {
    await attempts.byAddress('login', address);
    await firstAdmin.make(body);
    return { success: true as const };
  });
}

function forOneself(api: ApiRoutes, { service, extendSession }: AccountRoutesDeps): void {
  const withSession = async (
    { actor, header }: Pick<ApiRequest<Route>, 'actor' | 'header'>,
    body: unknown,
  ): Promise<ApiReply> => {
    const cookie = header('cookie');
    const isByCookie = actor.by === 'session' && header('authorization') === undefined;
    const cookies = isByCookie && cookie !== undefined ? await extendSession(cookie) : [];
    return new ApiReply(body, cookies.length === 0 ? {} : { headers: { 'set-cookie': cookies } });
  };
  api.on(accountRoutes.me, async (request) => withSession(request, await service.me(person(request.actor))));
  api.on(accountRoutes.session, async (request) =>
    request.actor.userId === undefined
      ? { me: null }
      : withSession(request, { me: await service.me(person(request.actor)) }),
  );
  api.on(accountRoutes.updateMe, ({ actor, body }) => service.updateMe(person(actor), body));
  api.on(accountRoutes.deleteMe, async ({ actor }) => {
    await service.deleteMe(inSession(actor));
    return { success: true as const };
  });
  api.on(accountRoutes.stepUp, ({ actor, body, address }) =>
    service.stepUp(inSession(actor), body.password, address),
  );
}

function forSessionsAndTokens(api: ApiRoutes, { service, tokens }: AccountRoutesDeps): void {
  api.on(accountRoutes.listSessions, async ({ actor }) => ({
    sessions: await service.sessions(inSession(actor)),
  }));
  api.on(accountRoutes.endSession, async ({ actor, params }) => {
    await service.endSession(inSession(actor), params.id);
    return { success: true as const };
  });
  api.on(accountRoutes.listTokens, async ({ actor }) => ({
    tokens: await tokens.list(notByToken(actor).userId),
  }));
  api.on(accountRoutes.createToken, ({ actor, body }) => {
    if (body.scopes.includes('admin') && actor.role !== 'admin')
      throw liveError('FORBIDDEN', 'only administrators make tokens with the scope admin');
    return tokens.create(notByToken(actor).userId, body);
  });
  api.on(accountRoutes.revokeToken, async ({ actor, params }) => {
    await tokens.revoke(notByToken(actor).userId, params.id);
    return { success: true as const };
  });
}

function forAdmins(api: ApiRoutes, { service, resets, publicUrl }: AccountRoutesDeps): void {
  api.on(accountRoutes.listAccounts, ({ query }) => service.list(query));
  api.on(accountRoutes.createAccount, async ({ actor, body }) => {
    const admin = person(actor);
    const account = await service.create(admin, body);
    const token = await resets.tokenFor(body.email, admin.userId);
    if (token === undefined) throw liveError('NOT_FOUND', 'the account is gone again');
    return { account, passwordUrl: passwordResetUrl(publicUrl, token) };
  });
  api.on(accountRoutes.updateAccount, ({ actor, params, body }) =>
    service.update(person(actor).userId, params.id, body),
  );
  api.on(accountRoutes.endSessions, async ({ actor, params }) => {
    await service.endSessions(person(actor).userId, params.id);
    return { success: true as const };
  });
}

/** The API lets nobody without an id through to these routes; this says so to the compiler, and stops what slipped through. */
function person(actor: Actor): Person {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'not signed in');
  return { ...actor, userId: actor.userId };
}

/** A token that leaked must not make more tokens. */
function notByToken(actor: Actor): Person {
  if (actor.by === 'api-token') throw liveError('FORBIDDEN', 'not with an API token');
  return person(actor);
}

/** What only a person does who signed in here. */
function inSession(actor: Actor): Person {
  if (actor.by !== 'session') throw liveError('FORBIDDEN', 'only in a session of this server');
  return person(actor);
}
