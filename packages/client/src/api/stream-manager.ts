import type {
  CreateStreamInput,
  Stream,
  StreamStatus,
  UpdateStreamInput,
} from '@tallylight/protocol/entities/stream.ts';
import { LivestreamError } from '@tallylight/protocol/errors.ts';
import { ApiClient, type ApiClientOptions } from './api-client.ts';
import { failedAnswerOf } from './api-error.ts';
import { formatDuration, streamDuration } from './stream-time.ts';

/** Where the API is, and whom to tell. */
export interface StreamManagerConfig {
  /** Address of the streams' routes. Default `/api/streams`. */
  readonly apiBaseUrl?: string;
  readonly onStreamCreated?: (stream: Stream) => void;
  readonly onStreamStarted?: (stream: Stream) => void;
  readonly onStreamEnded?: (stream: Stream) => void;
  readonly onError?: (error: Error) => void;
  /** How calls are made, beside the address. */
  readonly client?: Omit<ApiClientOptions, 'address' | 'baseUrl'>;
}

const ROUTES = '/api/streams';

/** The client for a configuration's address. */
export function clientAt(
  apiBaseUrl: string | undefined,
  options: Omit<ApiClientOptions, 'address' | 'baseUrl'> = {},
): ApiClient {
  const base = (apiBaseUrl ?? ROUTES).replace(/\/+$/, '');
  return new ApiClient({ ...options, address: (path) => base + path.slice(ROUTES.length) });
}

/** A person's streams by REST. Every method rejects with `Failed to <do> …: <status text>` and tells `onError`. */
export class StreamManager {
  readonly #config: StreamManagerConfig;
  readonly #client: ApiClient;

  constructor(config: StreamManagerConfig = {}) {
    this.#config = config;
    this.#client = clientAt(config.apiBaseUrl, config.client);
  }

  /** Makes a stream: `scheduled` with `scheduledAt`, `preparing` without. A lost answer does not make it twice. */
  async createStream(input: CreateStreamInput): Promise<Stream> {
    const idempotencyKey = crypto.randomUUID();
    const stream = await this.#do('create stream', () =>
      this.#client.call('POST /api/streams/create', { body: input, idempotencyKey }),
    );
    this.#config.onStreamCreated?.(stream);
    return stream;
  }

  /** One stream. */
  getStream(id: string): Promise<Stream> {
    return this.#do('get stream', () => this.#client.call('GET /api/streams/:id', { params: { id } }));
  }

  /** Changes a stream's settings. */
  updateStream(id: string, input: UpdateStreamInput): Promise<Stream> {
    return this.#do('update stream', () =>
      this.#client.call('PATCH /api/streams/:id', { params: { id }, body: input }),
    );
  }

  /** Deletes a stream with all that was said in it. */
  async deleteStream(id: string): Promise<void> {
    await this.#do('delete stream', () => this.#client.call('DELETE /api/streams/:id', { params: { id } }));
  }

  /** Goes live. */
  async startStream(id: string): Promise<Stream> {
    const stream = await this.#do('start stream', () =>
      this.#client.call('POST /api/streams/:id/start', { params: { id } }),
    );
    this.#config.onStreamStarted?.(stream);
    return stream;
  }

  /** Ends a live stream. */
  async endStream(id: string): Promise<Stream> {
    const stream = await this.#do('end stream', () =>
      this.#client.call('POST /api/streams/:id/end', { params: { id } }),
    );
    this.#config.onStreamEnded?.(stream);
    return stream;
  }

  /** Calls a scheduled stream off. */
  cancelStream(id: string): Promise<Stream> {
    return this.#do('cancel stream', () =>
      this.#client.call('POST /api/streams/:id/cancel', { params: { id } }),
    );
  }

  /** Streams that are live now. */
  getLiveStreams(channelId?: string): Promise<Stream[]> {
    return this.#do('get live streams', () =>
      this.#client.call('GET /api/streams/live', { query: ofChannel(channelId) }),
    );
  }

  /** Streams to come, the next one first. */
  getScheduledStreams(channelId?: string): Promise<Stream[]> {
    return this.#do('get scheduled streams', () =>
      this.#client.call('GET /api/streams/scheduled', { query: ofChannel(channelId) }),
    );
  }

  /** Streams that have ended, the last one first. */
  getPastStreams(channelId?: string, limit = 20): Promise<Stream[]> {
    return this.#do('get past streams', () =>
      this.#client.call('GET /api/streams/past', { query: { ...ofChannel(channelId), limit } }),
    );
  }

  /** Streams of one broadcaster. */
  getUserStreams(userId: string, status?: StreamStatus): Promise<Stream[]> {
    return this.#do('get user streams', () =>
      this.#client.call('GET /api/streams', {
        query: { userId, ...(status === undefined ? {} : { status }) },
      }),
    );
  }

  /** How many watch at this moment. */
  async getViewerCount(id: string): Promise<number> {
    const { count } = await this.#do('get viewer count', () =>
      this.#client.call('GET /api/streams/:id/viewers', { params: { id }, query: { limit: 1 } }),
    );
    return count;
  }

  /** Where to watch. */
  async getHlsManifestUrl(id: string): Promise<string> {
    const { manifestUrl } = await this.#do('get HLS manifest', () =>
      this.#client.call('GET /api/streams/:id/hls', { params: { id } }),
    );
    return manifestUrl;
  }

  /** Makes a new stream key; the old one is dead at once. */
  async regenerateStreamKey(id: string): Promise<string> {
    const { streamKey } = await this.#do('regenerate stream key', () =>
      this.#client.call('POST /api/streams/:id/regenerate-key', { params: { id }, body: {} }),
    );
    return streamKey;
  }

  /** True while it is live. */
  isStreamLive(stream: Stream): boolean {
    return stream.status === 'live';
  }

  /** True until it begins. */
  isStreamScheduled(stream: Stream): boolean {
    return stream.status === 'scheduled';
  }

  /** True after its end. */
  hasStreamEnded(stream: Stream): boolean {
    return stream.status === 'ended';
  }

  /** Seconds since it began, or that it lasted; null when it has not begun. */
  getStreamDuration(stream: Stream): number | null {
    return streamDuration(stream);
  }

  /** `H:MM:SS`, or `M:SS` below an hour. */
  formatDuration(seconds: number): string {
    return formatDuration(seconds);
  }

  async #do<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const error = failure(what, cause);
      this.#config.onError?.(error);
      throw error;
    }
  }
}

/** nchat's words for a call that failed, under the code, status and details of the cause. */
function failure(what: string, cause: unknown): Error {
  // HTTP/2 has no status text: then the server's own words say it.
  const reason =
    failedAnswerOf(cause)?.statusText || (cause instanceof Error ? cause.message : String(cause));
  const message = `Failed to ${what}: ${reason}`;
  const error =
    cause instanceof LivestreamError
      ? new LivestreamError(message, cause.code, cause.statusCode, cause.details)
      : new Error(message);
  error.cause = cause;
  return error;
}

function ofChannel(channelId: string | undefined): { channelId?: string } {
  return channelId === undefined ? {} : { channelId };
}

/** Makes a manager. */
export function createStreamManager(config?: StreamManagerConfig): StreamManager {
  return new StreamManager(config);
}

/** The page's one manager: nchat's callers share it. */
let shared: StreamManager | undefined;

/** The page's one manager. It is made at the first call, with that call's configuration; a later configuration makes it anew. */
export function getStreamManager(config?: StreamManagerConfig): StreamManager {
  if (shared === undefined || config !== undefined) shared = new StreamManager(config);
  return shared;
}
