import { randomUUID } from 'node:crypto';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { Tallylight, type TallylightOptions } from './tallylight.ts';
import { waitFor } from './wait-for.ts';

/** What a person got from the API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON; undefined when it was none. */
  readonly body: Record<string, unknown>;
}

/** A stream that a person made, with its key. */
export interface OwnStream {
  readonly id: string;
  readonly channelId: string;
  readonly streamKey: string;
}

/** The whole product as a child process, with accounts, chat and an embedded database. */
export class Product {
  readonly server: Tallylight;

  private constructor(server: Tallylight) {
    this.server = server;
  }

  /** Starts it and waits until the control plane is ready. */
  static async start(options: TallylightOptions = {}): Promise<Product> {
    // Everybody comes from one address here.
    const env = { SIGN_UPS_PER_ADDRESS: '1000', SIGN_INS_PER_ADDRESS: '1000', ...options.env };
    const product = new Product(await Tallylight.start({ ...options, env, control: true }));
    try {
      await product.ready();
    } catch (error) {
      await product.stop();
      throw error;
    }
    return product;
  }

  /** Waits until the database is there. */
  async ready(timeoutMs = 30_000): Promise<void> {
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${this.server.url}/readyz`).catch(() => undefined))?.status === 200;
    await waitFor('the control plane to be ready', isReady, timeoutMs, 50);
  }

  /** Makes an account. */
  async signUp(name: string): Promise<Person> {
    const email = `${name.toLowerCase()}-${randomUUID().slice(0, 8)}@example.org`;
    return Person.signUp(this.server.url, { name, email, password: `${name} has a long password` });
  }

  /** Stops the server and its database. */
  stop(): Promise<number | null> {
    return this.server.stop();
  }
}

/** Somebody with an account, by bearer token. */
export class Person {
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
  ): Promise<Person> {
    // Not `fetch`, which says of itself what browsers do: this is a native client, which gets a token instead of a cookie.
    const response = await fetchOnce(`${url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(account),
    });
    const token = response.headers['set-auth-token'];
    const text = response.body.toString();
    if (response.status !== 200 || typeof token !== 'string')
      throw new Error(`sign-up answered ${response.status}: ${text}`);
    const { user } = JSON.parse(text) as { user: { id: string } };
    return new Person(url, user.id, token);
  }

  /** Calls the API. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {};
    return { status: response.status, headers: response.headers, body: parsed as Record<string, unknown> };
  }

  /** Calls the API and gives the body; throws when it is refused. */
  async must(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 400)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Makes a channel and a stream in it that goes live with its publisher. */
  async stream(settings: Readonly<Record<string, unknown>> = {}): Promise<OwnStream> {
    const name = `channel-${randomUUID().slice(0, 8)}`;
    const channel = await this.must('POST', '/api/channels', { name, slug: name });
    const channelId = String(channel['id']);
    const body = { channelId, title: 'A stream', autoStart: true, ...settings };
    const { id } = await this.must('POST', '/api/streams/create', body);
    const { streamKey } = await this.must('GET', `/api/streams/${String(id)}/key`);
    return { id: String(id), channelId, streamKey: String(streamKey) };
  }
}
