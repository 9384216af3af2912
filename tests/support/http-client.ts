import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** One HTTP answer with its times, in milliseconds of `performance.now()`. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sentMs: number;
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

/** How a request differs from a plain GET. */
export interface HttpRequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 20000. */
  readonly timeoutMs?: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });

/** Makes one HTTP/1.1 request and reads the whole answer. No redirects, no decompression. */
export function httpGet(url: string, options: HttpRequestOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, timeoutMs = 20_000 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    const outgoing = request(url, { agent, method, headers, signal }, (incoming) => {
      const firstByteMs = performance.now();
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const { statusCode: status = 0, headers: answered } = incoming;
        const lastByteMs = performance.now();
        resolve({ status, headers: answered, body: Buffer.concat(pieces), sentMs, firstByteMs, lastByteMs });
      });
    });
    outgoing.on('error', (error) => reject(new Error(`${url}: ${error.message}`, { cause: error })));
    outgoing.end();
  });
}
