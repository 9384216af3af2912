/** Who calls, as far as it was proven. Its `userId` and `role` are the claims of row-level security. */
export interface Actor {
  /** Undefined: nobody who signed in. */
  readonly userId: string | undefined;
  /** `admin`: an administrator of this server. */
  readonly role: 'anonymous' | 'user' | 'admin';
  /** Signed in without an account: may chat where chats allow it, owns nothing. */
  readonly isGuest: boolean;
  /** What proved it: a session's cookie or bearer token, an API token, a host app's JWT. */
  readonly by: 'nobody' | 'session' | 'api-token' | 'host-token';
  /** Id of the session, so that its end can close what it opened. */
  readonly sessionId?: string;
  readonly displayName?: string;
  readonly avatarUrl?: string;
  /** When the person last typed a password or used a passkey, Unix milliseconds: see `Route.stepUp`. */
  readonly provenAtMs?: number;
  /** What an API token may do; absent: everything that its owner may. */
  readonly scopes?: readonly string[];
}

/** Nobody who signed in. */
export const NOBODY: Actor = { userId: undefined, role: 'anonymous', isGuest: false, by: 'nobody' };

/** Port: finds out who sends these headers (cookie, Authorization). Rejects with a `LivestreamError` UNAUTHENTICATED for a bad token. */
export interface ActorResolver {
  resolve(headers: Readonly<Record<string, string | string[] | undefined>>): Promise<Actor>;
}
