/** Who is signed in, as `GET /api/session` tells it. */
export interface Me {
  readonly id: string;
  readonly displayName: string;
  readonly isGuest: boolean;
  readonly role: 'user' | 'admin';
}

/** What the server answered when it refused, in its words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** What the sign-in library calls it, such as `INVALID_TOKEN`; undefined when it did not say. */
  readonly reason: string | undefined;

  constructor(message: string, reason?: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * The person of this browser; undefined when nobody is signed in, or the server has no accounts. Not `GET /api/me`: for nobody that is a 401,
 * which browsers write into the console as an error.
 */
export async function fetchMe(): Promise<Me | undefined> {
  const response = await fetch('/api/session', { cache: 'no-store' }).catch(() => undefined);
  if (response?.ok !== true) {
    return undefined;
  }
  const body: unknown = await response.json().catch(() => undefined);
  const me = typeof body === 'object' && body !== null && 'me' in body ? body.me : undefined;
  if (typeof me !== 'object' || me === null || !('id' in me) || typeof me.id !== 'string') {
    return undefined;
  }
  const { displayName, isGuest, role } = me as Record<string, unknown>;
  return {
    id: me.id,
    displayName: typeof displayName === 'string' ? displayName : 'You',
    isGuest: isGuest === true,
    role: role === 'admin' ? 'admin' : 'user',
  };
}

/** Sends a form to the server. Rejects with `Refusal`, whose message can be shown. */
export async function post(path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Refusal('The server does not answer. Try again.');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    return answer;
  }
  const { message, details } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    readonly message?: unknown;
    readonly details?: { readonly reason?: unknown } | null;
  };
  const text = typeof message === 'string' ? message : `The server answered ${String(response.status)}.`;
  const reason = details?.reason;
  throw new Refusal(text, typeof reason === 'string' ? reason : undefined);
}

/** Where to go after signing in: the `next` of the address when it is a path of ours, else the start page. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  // `//host` and `/\host` would leave this site.
  return /^\/(?![/\\])/.test(next) ? next : '/';
}
