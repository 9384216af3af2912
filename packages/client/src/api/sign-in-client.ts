import { liveError } from '@tallylight/protocol/errors.ts';
import { type ErrorBody, errorOf } from './api-error.ts';

/** A passkey of an account, as the server keeps it. */
export interface Passkey {
  readonly id: string;
  /** What its owner called it. */
  readonly name?: string | null;
  /** ISO 8601. */
  readonly createdAt?: string | null;
}

/** How to reach the sign-in routes. */
export interface SignInClientOptions {
  /** Origin of the server. Default: the page's own. */
  readonly baseUrl?: string;
  /** Default `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * What a page asks under `/api/auth/*`, which is the sign-in library's and stands in no route table: passkeys and the password. Every method
 * rejects like {@link ApiClient.call}. Only with cookies: the challenge of a passkey lies in one.
 */
export class SignInClient {
  readonly #options: SignInClientOptions;

  constructor(options: SignInClientOptions = {}) {
    this.#options = options;
  }

  /** The caller's passkeys. */
  async passkeys(): Promise<readonly Passkey[]> {
    const found = await this.#ask('GET', '/passkey/list-user-passkeys');
    return Array.isArray(found) ? (found as Passkey[]) : [];
  }

  /** What `navigator.credentials.create` needs, as JSON (WebAuthn §5.1.8). Needs a fresh proof: STEP_UP_REQUIRED. */
  registrationOptions(): Promise<unknown> {
    return this.#ask('GET', '/passkey/generate-register-options');
  }

  /** Adds the passkey that the browser made. Needs a fresh proof. */
  async addPasskey(response: unknown, name: string): Promise<void> {
    await this.#ask('POST', '/passkey/verify-registration', { response, name });
  }

  /** Takes a passkey away. Needs a fresh proof. */
  async removePasskey(id: string): Promise<void> {
    await this.#ask('POST', '/passkey/delete-passkey', { id });
  }

  /** What `navigator.credentials.get` needs, as JSON (WebAuthn §5.1.9). */
  authenticationOptions(): Promise<unknown> {
    return this.#ask('GET', '/passkey/generate-authenticate-options');
  }

  /** Signs in with what the browser's passkey answered; the new session is proven. */
  async signInWithPasskey(response: unknown): Promise<void> {
    await this.#ask('POST', '/passkey/verify-authentication', { response });
  }

  /** Sets another password; every other session ends. */
  async changePassword(currentPassword: string, newPassword: string): Promise<void> {
    await this.#ask('POST', '/change-password', { currentPassword, newPassword });
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { baseUrl = '', fetch: ask = (...call) => fetch(...call) } = this.#options;
    let response: Response;
    try {
      response = await ask(`${baseUrl}/api/auth${path}`, {
        method,
        cache: 'no-store',
        ...(body === undefined
          ? {}
          : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
      });
    } catch (error) {
      const unavailable = liveError('UNAVAILABLE', 'the server cannot be reached');
      unavailable.cause = error;
      throw unavailable;
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const { status, statusText } = response;
    const said: ErrorBody = typeof answer === 'object' && answer !== null ? answer : {};
    throw errorOf(said, { status, statusText, retryAfterSec: undefined });
  }
}
