import type { ControlConfig } from '../config/control-config.ts';

/** What is known of a server whose control plane is open. */
export interface NewcomerFacts {
  /** Where browsers reach it, without a slash at the end. */
  readonly base: string;
  /** Makes the first administrator; undefined when there is one, or when nobody can be made here. */
  readonly setupToken: string | undefined;
  /** People are a host app's: its database, in which this server makes nobody. */
  readonly isHosted: boolean;
  readonly hostApp: ControlConfig['hostApp'];
}

/** One line on how the first people come in; undefined where somebody is in already. */
export function newcomerLine({ base, setupToken, isHosted, hostApp }: NewcomerFacts): string | undefined {
  if (!isHosted)
    return setupToken === undefined
      ? undefined
      : `  Make yourself the administrator:  ${base}/setup#${setupToken}`;
  if (hostApp === undefined)
    return '  People are the host app’s, and none can come in yet: set AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE and AUTH_JWKS_URL or AUTH_JWT_SECRET';
  return `  People come in with a JWT of the host app (iss ${hostApp.issuer}); administrators have “admin” in its x-hasura-allowed-roles`;
}
