import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';

/** Who signs in at the provider. */
export interface OidcPerson {
  readonly sub: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name?: string;
}

interface Grant {
  readonly person: OidcPerson;
  readonly challenge: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** An OpenID Connect provider with one client: discovery, code flow with PKCE, signed ID tokens. Whoever comes is `person`. */
export class OidcIssuer {
  readonly clientId = 'tallylight';
  readonly clientSecret = 'the secret of tallylight';
  person: OidcPerson = { sub: 'one', email: 'one@id.test', emailVerified: true };
  /** Changes what an ID token says, to make it a bad one. */
  claims: Readonly<Record<string, unknown>> = {};
  readonly #server: Server;
  readonly #grants = new Map<string, Grant>();

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  static async start(): Promise<OidcIssuer> {
    const issuer = new OidcIssuer();
    await new Promise<void>((resolve) => {
      issuer.#server.listen(0, '127.0.0.1', resolve);
    });
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const json = (body: unknown, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (url.pathname === '/.well-known/openid-configuration') return json(this.#discovery());
    if (url.pathname === '/jwks')
      return json({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' }] });
    if (url.pathname === '/authorize') {
      response.writeHead(302, { location: this.#authorize(url.searchParams) }).end();
      return;
    }
    if (url.pathname !== '/token') return json({}, 404);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = await this.#token(new URLSearchParams(body), request.headers.authorization);
    return token === undefined ? json({ error: 'invalid_grant' }, 400) : json(token);
  }

  #discovery() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  #authorize(asked: URLSearchParams): string {
    const code = randomUUID();
    const redirectUri = asked.get('redirect_uri') ?? '';
    this.#grants.set(code, {
      person: this.person,
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? '',
      redirectUri,
    });
    return `${redirectUri}?${new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString()}`;
  }

  async #token(given: URLSearchParams, authorization: string | undefined): Promise<unknown> {
    const code = given.get('code') ?? '';
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const basic = `Basic ${Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64')}`;
    const isClient = authorization === basic || given.get('client_secret') === this.clientSecret;
    const verifier = createHash('sha256')
      .update(given.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant === undefined || !isClient || verifier !== grant.challenge) return undefined;
    if (given.get('redirect_uri') !== grant.redirectUri) return undefined;
    const { sub, email, emailVerified, name } = grant.person;
    const idToken = await new SignJWT({
      email,
      email_verified: emailVerified,
      name,
      nonce: grant.nonce,
      ...this.claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(typeof this.claims['iss'] === 'string' ? this.claims['iss'] : this.url)
      .setAudience(typeof this.claims['aud'] === 'string' ? this.claims['aud'] : this.clientId)
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(keys.privateKey);
    return { access_token: randomUUID(), token_type: 'Bearer', expires_in: 300, id_token: idToken };
  }
}
