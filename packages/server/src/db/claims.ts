/** On whose behalf statements run: what row-level security asks. Hasura's session variables say the same. */
export interface Claims {
  /** Undefined: nobody who signed in. */
  readonly userId: string | undefined;
  /** `admin`: an administrator of this server. */
  readonly role: 'anonymous' | 'user' | 'admin';
}

/** Who has not signed in. */
export const ANONYMOUS: Claims = { userId: undefined, role: 'anonymous' };

/** The JSON of `hasura.user`, which `tallylight.claim()` reads. */
export function claimsJson(claims: Claims): string {
  return JSON.stringify({
    'x-hasura-role': claims.role,
    ...(claims.userId === undefined ? {} : { 'x-hasura-user-id': claims.userId }),
  });
}
