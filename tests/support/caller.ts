import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';

/** Somebody with an account of the server's own, who calls the API as a program does. */
export class Caller {
  readonly id: string;
  readonly token: string;
  readonly #url: string;

  private constructor(url: string, id: string, token: string) {
    this.#url = url;
    this.id = id;
    this.token = token;
  }

  /** Makes an account. Throws with the server's answer when it refused. */
  static async signUp(
    url: string,
    account: { readonly name: string; readonly email: string; readonly password: string },
  ): Promise<Caller> {
    const { headers, body, status } = await fetchOnce(`${url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(account),
    });
    const token = headers['set-auth-token'];
    if (typeof token !== 'string') throw new Error(`sign-up answered ${status}: ${body.toString()}`);
    const { user } = JSON.parse(body.toString()) as { user: { id: string } };
    return new Caller(url, user.id, token);
  }

  /** Calls the API and gives the body; throws when it is refused. */
  async must(method: string, path: string, value?: unknown): Promise<Record<string, unknown>> {
    const sent = value === undefined ? '' : JSON.stringify(value);
    const { status, body } = await fetchOnce(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-length': String(Buffer.byteLength(sent)),
        ...(value === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: sent,
    });
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${body.toString()}`);
    return JSON.parse(body.toString()) as Record<string, unknown>;
  }
}
