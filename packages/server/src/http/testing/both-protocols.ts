import type { ClientHttp2Session } from 'node:http2';
import { silentLogger } from '../../platform/logger.ts';
import type { HttpLimits } from '../http-limits.ts';
import type { RequestHandler } from '../router.ts';
import { HttpServer } from '../server.ts';
import type { TlsIdentity } from '../tls-identity.ts';
import { connectHttp2, fetchHttp2, fetchOnce, type RawAnswer } from './raw-client.ts';

/** HTTP versions that a test can speak. */
export type Version = 'HTTP/1.1' | 'HTTP/2';

/** A request of a test. */
export interface TestRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** A server with some handlers, and a client for both versions of HTTP. */
export class BothProtocols {
  readonly url: string;
  readonly port: number;
  readonly #server: HttpServer;
  readonly #session: ClientHttp2Session;

  private constructor(server: HttpServer, httpPort: number, httpsPort: number) {
    this.#server = server;
    this.port = httpPort;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.#session = connectHttp2(`https://127.0.0.1:${httpsPort}`);
  }

  /** Listens on free ports of loopback. */
  static async start(
    handlers: readonly RequestHandler[],
    identity: TlsIdentity,
    limits: Partial<HttpLimits> = {},
  ): Promise<BothProtocols> {
    const server = new HttpServer({
      host: '127.0.0.1',
      httpPort: 0,
      https: { port: 0, identity },
      handlers,
      log: silentLogger,
      limits: { closeGraceMs: 200, ...limits },
    });
    const { httpPort, httpsPort = 0 } = await server.listen();
    return new BothProtocols(server, httpPort, httpsPort);
  }

  /** Sends a request and reads its answer. */
  send(version: Version, { method, path, headers = {}, body }: TestRequest): Promise<RawAnswer> {
    if (version === 'HTTP/2') {
      return fetchHttp2(this.#session, { ':method': method, ':path': path, ...headers }, body);
    }
    return fetchOnce(this.url, { method, path, headers, ...(body === undefined ? {} : { body }) });
  }

  /** Ends server and client. */
  async close(): Promise<void> {
    this.#session.destroy();
    await this.#server.close();
  }
}

/** The code of a refusal, and its words. */
export function refusalOf(answer: RawAnswer): { readonly code: string; readonly message: string } {
  return (JSON.parse(answer.body.toString()) as { error: { code: string; message: string } }).error;
}
