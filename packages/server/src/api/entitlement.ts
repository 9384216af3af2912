import { liveError } from '@tallylight/protocol/errors.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { Actor } from './actor.ts';

/** Methods that change nothing. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** True for a method that may change something. */
export function changesState(method: string): boolean {
  return !SAFE.has(method);
}

/** What of a route tells who may call it. */
type Door = Pick<Route, 'access' | 'method' | 'stepUp'>;

/**
 * Refuses who may not call a route at all: UNAUTHENTICATED for nobody, FORBIDDEN for a guest where an account is asked, for who is no
 * administrator, and for an API token without the scope (`read`, `write`, `admin`); STEP_UP_REQUIRED where a password is too long ago.
 */
export function refuseUnentitled(route: Door, actor: Actor, nowMs: number, stepUpMs: number): void {
  if (route.access === 'public') {
    refuseUnscoped(route, actor);
    return;
  }
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  if (route.access !== 'user' && actor.isGuest)
    throw liveError('FORBIDDEN', 'guests may not do this: make an account');
  if (route.access === 'admin' && actor.role !== 'admin') {
    throw liveError('FORBIDDEN', 'only administrators of this server may do this');
  }
  refuseUnscoped(route, actor);
  if (route.stepUp === true && !(nowMs - (actor.provenAtMs ?? Number.NEGATIVE_INFINITY) <= stepUpMs)) {
    throw liveError(
      'STEP_UP_REQUIRED',
      'confirm who you are: sign in again, then repeat this within five minutes',
    );
  }
}

function refuseUnscoped(route: Door, { scopes }: Actor): void {
  if (scopes === undefined) return;
  const needed = route.access === 'admin' ? 'admin' : changesState(route.method) ? 'write' : 'read';
  if (!scopes.includes(needed)) throw liveError('FORBIDDEN', `the API token has not the scope ${needed}`);
}
