import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { liveError } from '@tallylight/protocol/errors.ts';
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';

/** A host app whose JWTs say who somebody is. */
export interface HostApp {
  /** `iss` that a token must have. */
  readonly issuer: string;
  /** `aud` that a token must have. */
  readonly audience: string;
  /** Public keys, read from there and nowhere else; or an HS256 secret of at least 32 bytes. */
  readonly key: { readonly jwksUrl: string } | { readonly secret: string };
  /** For keys: which algorithms count. Default RS256, ES256 and EdDSA. A secret is always HS256. */
  readonly algorithms?: readonly string[];
}

/** What a good token says. */
export interface HostIdentity {
  readonly userId: string;
  readonly isAdmin: boolean;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
  /** When the person proved who they are to the host app, Unix milliseconds; undefined when the token has no `auth_time`. */
  readonly provenAtMs: number | undefined;
}

/** Clocks of two machines differ by so much at most, in seconds. */
const SKEW_S = 60;
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const HASURA = 'https://hasura.io/jwt/claims';

const hasuraClaims = z.looseObject({
  'x-hasura-user-id': z.uuid().optional(),
  'x-hasura-allowed-roles': z.array(z.string()).optional(),
});

/** Checks tokens of one host app. Key, algorithm, issuer and audience come from the settings; a token's header chooses among them at most. */
export class HostTokens {
  readonly #key: KeyObject | JWTVerifyGetKey;
  readonly #app: HostApp;
  readonly #algorithms: string[];
  readonly #clock: Clock;
  readonly #maxChars: number;

  /**
   * Throws RangeError for settings that would let anybody in: no issuer or audience, a short or public secret, a loose algorithm.
   * @param maxChars of a token. Default 8192.
   */
  constructor(app: HostApp, clock: Clock, maxChars = DEFAULT_ACCOUNTS_LIMITS.credentialChars) {
    if (app.issuer === '' || app.audience === '')
      throw new RangeError('a host app needs an issuer and an audience, or anybody’s token would do');
    this.#app = app;
    this.#clock = clock;
    this.#maxChars = maxChars;
    if ('secret' in app.key) {
      this.#key = secretKey(app.key.secret);
      this.#algorithms = ['HS256'];
      return;
    }
    const algorithms = app.algorithms ?? ['RS256', 'ES256', 'EdDSA'];
    const loose = algorithms.filter((name) => !ASYMMETRIC.includes(name));
    if (algorithms.length === 0 || loose.length > 0)
      throw new RangeError(`not algorithms of public keys: ${JSON.stringify(loose)}`);
    this.#algorithms = [...algorithms];
    const url = new URL(app.key.jwksUrl);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new RangeError(`keys of a host app are read over http(s), not ${url.protocol}`);
    this.#key = createRemoteJWKSet(url, { timeoutDuration: 5000, cooldownDuration: 10_000 });
  }

  /** Rejects with UNAUTHENTICATED for every token that is not wholly good; UNAVAILABLE when the keys cannot be read. */
  async verify(token: string): Promise<HostIdentity> {
    if (token.length > this.#maxChars) throw refused(`a token of ${token.length} characters`);
    const payload = await this.#payload(token);
    return identityOf(payload, this.#clock.now());
  }

  async #payload(token: string): Promise<JWTPayload> {
    const options = {
      issuer: this.#app.issuer,
      audience: this.#app.audience,
      algorithms: this.#algorithms,
      clockTolerance: SKEW_S,
      requiredClaims: ['exp'],
      currentDate: new Date(this.#clock.now()),
    };
    try {
      // Two calls, because the type of the key decides which overload holds.
      const { payload } =
        typeof this.#key === 'function'
          ? await jwtVerify(token, this.#key, options)
          : await jwtVerify(token, this.#key, options);
      return payload;
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
      if (code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC' || !code.startsWith('ERR_J'))
        throw liveError('UNAVAILABLE', 'the host app’s keys cannot be read');
      throw refused(code);
    }
  }
}

/** Under which a token is remembered. */
export function tokenKey(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function secretKey(secret: string): KeyObject {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < 32)
    throw new RangeError(`the secret of a host app has ${bytes.length} bytes, it needs at least 32`);
  // Whoever has a public key could sign with it as if it were a secret.
  if (/-----BEGIN /.test(secret)) throw new RangeError('the secret of a host app is a PEM key, not a secret');
  return createSecretKey(bytes);
}

function identityOf(payload: JWTPayload, nowMs: number): HostIdentity {
  const claims = hasuraClaims.safeParse(parsed(payload[HASURA] ?? {}));
  if (!claims.success) throw refused('its Hasura claims');
  const userId = z.uuid().safeParse(claims.data['x-hasura-user-id'] ?? payload.sub);
  if (!userId.success) throw refused('no user id that is a UUID');
  // Not `iat`: a token that was silently refreshed proves nothing anew.
  const provenAt = typeof payload['auth_time'] === 'number' ? payload['auth_time'] : undefined;
  // A proof of tomorrow would be fresh until then.
  const isPast = provenAt !== undefined && provenAt * 1000 <= nowMs + SKEW_S * 1000;
  const picture = text(payload['picture']);
  return {
    userId: userId.data.toLowerCase(),
    isAdmin: claims.data['x-hasura-allowed-roles']?.includes('admin') ?? false,
    displayName: text(payload['name'])?.slice(0, 100),
    avatarUrl: picture?.startsWith('https://') === true ? picture : undefined,
    provenAtMs: isPast ? Math.min(provenAt * 1000, nowMs) : undefined,
  };
}

/** Some issuers write the claims as a string that holds JSON. */
function parsed(claims: unknown): unknown {
  if (typeof claims !== 'string') return claims;
  try {
    return JSON.parse(claims);
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refused(why: string): Error {
  return liveError('UNAUTHENTICATED', `the token is not accepted: ${why}`);
}
