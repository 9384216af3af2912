import { Agent, createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ViewerAuthorizer } from '../../packager/presentation.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { Origin, type OriginOptions } from '../origin.ts';
import type { OriginLimits } from '../origin-limits.ts';
import { FakeDirectory, FakePresentation, FakeRendition, type FakeShape } from './fake-presentation.ts';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** When the first and the last byte of the body came, on the monotonic clock. */
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

/** What a fixture can be told. */
export interface FixtureOptions {
  readonly limits?: Partial<OriginLimits>;
  readonly authorizer?: ViewerAuthorizer;
  readonly clock?: Clock;
  readonly shape?: Partial<FakeShape>;
  readonly clientAddress?: OriginOptions['clientAddress'];
}

/** An origin with one stream `live` (renditions `720p` and `audio`) behind a real HTTP/1.1 server on a free port. */
export class OriginFixture {
  readonly directory = new FakeDirectory();
  readonly video: FakeRendition;
  readonly audio: FakeRendition;
  readonly presentation: FakePresentation;
  readonly origin: Origin;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2000 });
  #port = 0;

  private constructor(options: FixtureOptions) {
    this.video = new FakeRendition('720p', options.shape);
    this.audio = new FakeRendition('audio', options.shape);
    this.presentation = new FakePresentation('live', [this.video, this.audio]);
    this.directory.streams.set('live', this.presentation);
    this.origin = new Origin({
      directory: this.directory,
      authorizer: options.authorizer ?? { authorize: () => 'public' },
      clock: options.clock ?? systemClock,
      log: silentLogger,
      limits: { tickMs: 10, ...options.limits },
      ...(options.clientAddress === undefined ? {} : { clientAddress: options.clientAddress }),
    });
    this.#server = createServer((incoming, response) => {
      if (!this.origin.handle(incoming, response)) response.writeHead(418).end();
    });
  }

  /** Starts listening; parts come only when a test advances a rendition. */
  static async start(options: FixtureOptions = {}): Promise<OriginFixture> {
    const fixture = new OriginFixture(options);
    await new Promise<void>((resolve) => fixture.#server.listen(0, '127.0.0.1', resolve));
    fixture.#port = (fixture.#server.address() as AddressInfo).port;
    return fixture;
  }

  get port(): number {
    return this.#port;
  }

  /** Stops everything. */
  async close(): Promise<void> {
    this.origin.close();
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A playlist's path with a query. */
  playlistPath(query = '', rendition = '720p'): string {
    return `/hls/live/${rendition}/index.m3u8${query === '' ? '' : `?${query}`}`;
  }

  /** Requests a path, exactly as given, and reads the answer. */
  get(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
    signal?: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path,
          headers,
          method,
          agent: this.#agent,
          ...(signal && { signal }),
        },
        (response) => {
          const pieces: Buffer[] = [];
          let firstByteMs = 0;
          response.on('data', (piece: Buffer) => {
            firstByteMs ||= performance.now();
            pieces.push(piece);
          });
          response.on('error', reject);
          response.on('end', () => {
            const body = Buffer.concat(pieces);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body,
              text: body.toString(),
              firstByteMs,
              lastByteMs: performance.now(),
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Waits until so many requests are held. */
  async untilHeld(count: number, timeoutMs = 5000): Promise<void> {
    await until(() => this.origin.stats().held === count, `${count} held`, timeoutMs);
  }
}

/** Waits for a condition, checked each turn of the event loop, and fails with its name after the deadline. */
export async function until(condition: () => boolean, name: string, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
