import { vi } from 'vitest';

/** A server with WHIP and the API of a stream, in the place of `fetch`. */
export class FakeServer {
  readonly requests: { readonly method: string; readonly url: string }[] = [];
  /** What `POST …/end` is answered with; undefined for no answer at all. */
  endStatus: number | undefined = 200;
  reconnectWindowSec: number | undefined;
  /** What the health of the stream says of its limits. */
  limits: object | undefined;
  /** What `GET /api/streams/:id` answers; undefined: 404. */
  settings: object | undefined;
  /** A request to end a session is heard, and never answered. */
  ignoresDelete = false;
  /** Whether answers name the watch page. */
  namesStream = true;
  #sessions = 0;
  #refusals: number[] = [];
  #hold: Promise<void> | undefined;

  /** Puts it where a browser has the network. */
  static install(): FakeServer {
    const server = new FakeServer();
    vi.stubGlobal('fetch', (url: string, init?: RequestInit) => server.#answer(url, init));
    return server;
  }

  /** Requests of a method so far; to WHIP alone. */
  count(method: string): number {
    return this.requests.filter((request) => request.method === method && request.url.includes('/whip'))
      .length;
  }

  /** The sessions that were ended. */
  get deleted(): string[] {
    return this.requests.filter(({ method }) => method === 'DELETE').map(({ url }) => url);
  }

  /** Answers the next offers with this status. */
  refuse(status: number, times: number): void {
    this.#refusals = Array.from({ length: times }, () => status);
  }

  /** The next offer is answered only when the returned function is called. */
  holdNextPost(): () => void {
    let release = (): void => undefined;
    this.#hold = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      release();
    };
  }

  async #answer(url: string, init: RequestInit = {}): Promise<Response> {
    const method = init.method ?? 'GET';
    this.requests.push({ method, url });
    if (url.endsWith('/end')) {
      if (this.endStatus === undefined) throw new TypeError('Failed to fetch');
      return new Response('{}', { status: this.endStatus });
    }
    if (url.endsWith('/health')) {
      return Response.json({
        viewers: { total: 3 },
        reconnectWindowSec: this.reconnectWindowSec,
        limits: this.limits,
      });
    }
    if (method === 'GET' && /\/api\/streams\/[^/]+$/.test(url)) {
      return this.settings === undefined ? new Response('', { status: 404 }) : Response.json(this.settings);
    }
    if (url.endsWith('/api/ice-servers')) {
      return Response.json({ iceServers: [{ urls: 'stun:stun.example' }] });
    }
    if (method === 'DELETE' && this.ignoresDelete) await new Promise(() => undefined);
    if (method === 'DELETE') return new Response(null, { status: 200 });
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) return new Response('', { status: refusal });
    this.#sessions += 1;
    const session = this.#sessions;
    const hold = this.#hold;
    this.#hold = undefined;
    await hold;
    return new Response('v=0\r\n', {
      status: 201,
      headers: {
        Location: `/whip/${String(session)}`,
        ...(this.namesStream && { Link: '<https://live.example/watch/show>; rel="alternate"' }),
      },
    });
  }
}
