import { LivestreamError, liveError } from '@tallylight/protocol/errors.ts';
import type { RealtimeError } from '@tallylight/protocol/realtime/client-events.ts';
import { type Actor, type ActorResolver, NOBODY } from '../api/actor.ts';
import { foreseen, unforeseen } from '../api/error-answer.ts';

/** What a client says of itself as it connects. */
export interface Handshake {
  readonly auth: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Longer ones are no tokens of ours: the most that `credentialChars`, which the resolver keeps to, can be set to. */
const MAX_TOKEN_LENGTH = 14_000;

/**
 * Finds out who connects: by `auth.token`, as Socket.IO's clients send it, else by the Authorization header, else by the cookie; nobody
 * without any. Rejects with UNAUTHENTICATED for a token that is none.
 */
export function actorOf({ auth, headers }: Handshake, actors: ActorResolver): Promise<Actor> {
  const token = tokenOf(auth);
  if (token !== undefined) {
    if (token.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(token)) {
      return Promise.reject(liveError('UNAUTHENTICATED', 'auth.token is not a token'));
    }
    // Alone: a cookie of somebody else must not speak for the token's owner.
    return actors.resolve({ authorization: `Bearer ${token}` });
  }
  const { authorization, cookie } = headers;
  if (authorization === undefined && cookie === undefined) return Promise.resolve(NOBODY);
  return actors.resolve(headers);
}

/** An error as a client may see it. */
export function publicError(error: unknown): RealtimeError {
  const { code, message, details } = (foreseen(error) ?? unforeseen()).body;
  return { code, message, ...(details === undefined ? {} : { details }) };
}

/** True for an error that says what the caller did wrong; any other is a bug or an outage and belongs in the log. */
export function isRefusal(error: unknown): boolean {
  return error instanceof LivestreamError && error.statusCode < 500;
}

/** True for an error that says nothing of the caller: the database was away, or slow. */
export function isOutage(error: unknown): boolean {
  return (foreseen(error)?.status ?? 500) >= 500;
}

function tokenOf(auth: unknown): string | undefined {
  if (typeof auth !== 'object' || auth === null || !('token' in auth)) return undefined;
  return typeof auth.token === 'string' && auth.token !== '' ? auth.token : undefined;
}
