import type {
  CreateStreamInput,
  Stream,
  StreamQuality,
  StreamStatus,
  UpdateStreamInput,
} from '@tallylight/protocol/entities/stream.ts';
import type { StreamViewer } from '@tallylight/protocol/entities/viewing.ts';
import {
  LivestreamError,
  liveError,
  StreamNotLiveError,
  StreamUnauthorizedError,
} from '@tallylight/protocol/errors.ts';
import type { ViewerInfo } from '@tallylight/protocol/routes/viewers.ts';
import type { ApiClient, ApiClientOptions } from './api-client.ts';
import { clientAt } from './stream-manager.ts';
import { formatDuration, streamDuration } from './stream-time.ts';

/** What a picture is made of. */
export interface StreamSourceConfig {
  readonly type: 'camera' | 'screen' | 'external' | 'multi-source';
  readonly deviceId?: string;
  readonly constraints?: MediaStreamConstraints;
  readonly externalUrl?: string;
}

/** Several sources in one picture. */
export interface MultiSourceConfig {
  readonly sources: readonly StreamSourceConfig[];
  readonly activeSourceIndex: number;
  readonly layout: 'pip' | 'side-by-side' | 'grid' | 'single';
}

/** Port: what broadcasts from this page. Sources are switched where they are, not by the server. */
export interface SourceDesk {
  switchSource(streamId: string, source: StreamSourceConfig): Promise<void>;
  configure(streamId: string, sources: MultiSourceConfig): Promise<void>;
}

/** Where the API is. The other addresses are the server's to give out: they are accepted, as nchat's callers set them, and not used. */
export interface LivestreamServiceConfig {
  /** Default `/api/streams`. */
  readonly apiBaseUrl?: string;
  readonly streamIngestUrl?: string;
  readonly hlsBaseUrl?: string;
  readonly dashBaseUrl?: string;
  /** What broadcasts from this page, for `switchSource` and `configureMultiSource`. */
  readonly desk?: SourceDesk;
  /** How calls are made, beside the address. */
  readonly client?: Omit<ApiClientOptions, 'address' | 'baseUrl'>;
}

/**
 * nchat's service of streams over the API. Who calls is what the session proves: a `userId` given here is never believed by the server,
 * and only checked where the answer tells whose the stream is.
 */
export class LivestreamService {
  readonly #client: ApiClient;
  readonly #desk: SourceDesk | undefined;
  /** What changes the playback sessions that were begun here, by stream and session. */
  readonly #secrets = new Map<string, string>();

  constructor(config: LivestreamServiceConfig = {}) {
    this.#client = clientAt(config.apiBaseUrl, config.client);
    this.#desk = config.desk;
  }

  /** Makes a stream. */
  createStream(input: CreateStreamInput, _userId?: string): Promise<Stream> {
    const idempotencyKey = crypto.randomUUID();
    return this.#client.call('POST /api/streams/create', { body: input, idempotencyKey });
  }

  /** One stream. Rejects with `StreamNotFoundError`. */
  getStream(id: string): Promise<Stream> {
    return this.#client.call('GET /api/streams/:id', { params: { id } });
  }

  /** Changes a stream's settings. */
  updateStream(id: string, input: UpdateStreamInput, _userId?: string): Promise<Stream> {
    return owning('update', this.#client.call('PATCH /api/streams/:id', { params: { id }, body: input }));
  }

  /** Deletes a stream. */
  async deleteStream(id: string, _userId?: string): Promise<void> {
    await owning('delete', this.#client.call('DELETE /api/streams/:id', { params: { id } }));
  }

  /** Goes live. Rejects with STREAM_ALREADY_LIVE when it is. */
  startStream(id: string, _userId?: string): Promise<Stream> {
    return owning('start', this.#client.call('POST /api/streams/:id/start', { params: { id } }));
  }

  /** Ends a live stream. Rejects with `StreamNotLiveError` when it is none. */
  endStream(id: string, _userId?: string): Promise<Stream> {
    return owning('end', this.#client.call('POST /api/streams/:id/end', { params: { id } }));
  }

  /** Calls a scheduled stream off. */
  cancelStream(id: string, _userId?: string): Promise<Stream> {
    return owning('cancel', this.#client.call('POST /api/streams/:id/cancel', { params: { id } }));
  }

  /** Streams that are live now. */
  getLiveStreams(channelId?: string): Promise<Stream[]> {
    return this.#client.call('GET /api/streams/live', {
      query: channelId === undefined ? {} : { channelId },
    });
  }

  /** Streams to come, the next one first. */
  getScheduledStreams(channelId?: string): Promise<Stream[]> {
    return this.#client.call('GET /api/streams/scheduled', {
      query: channelId === undefined ? {} : { channelId },
    });
  }

  /** Streams that have ended, the last one first. */
  getPastStreams(channelId?: string, limit = 20): Promise<Stream[]> {
    return this.#client.call('GET /api/streams/past', {
      query: { ...(channelId === undefined ? {} : { channelId }), limit },
    });
  }

  /** Streams of one broadcaster. */
  getBroadcasterStreams(userId: string, status?: StreamStatus): Promise<Stream[]> {
    return this.#client.call('GET /api/streams', {
      query: { userId, ...(status === undefined ? {} : { status }) },
    });
  }

  /**
   * Begins to watch. Joining twice with one `sessionId` is joining once. Address, user agent, country and device are found out by the
   * server; what is given here is not sent.
   */
  async joinStream(
    id: string,
    sessionId: string,
    _userId?: string,
    _of?: {
      readonly ipAddress?: string;
      readonly userAgent?: string;
      readonly country?: string;
      readonly device?: string;
      readonly browser?: string;
    },
  ): Promise<StreamViewer> {
    const secret = this.#secrets.get(`${id} ${sessionId}`);
    const { session, secret: given } = await this.#client.call('POST /api/streams/:id/viewers', {
      params: { id },
      body: { sessionId, ...(secret === undefined ? {} : { secret }) },
    });
    this.#secrets.set(`${id} ${sessionId}`, given);
    return session;
  }

  /** Stops watching. */
  async leaveStream(id: string, sessionId: string): Promise<void> {
    const name = `${id} ${sessionId}`;
    await this.#client.call('DELETE /api/streams/:id/viewers/:sessionId', {
      params: { id, sessionId },
      body: this.#proof(name),
    });
    this.#secrets.delete(name);
  }

  /** How many watch at this moment. */
  async getViewerCount(id: string): Promise<number> {
    const answer = await this.#client.call('GET /api/streams/:id/viewers', {
      params: { id },
      query: { limit: 1 },
    });
    return answer.count;
  }

  /** Who watches, as far as the caller may know. */
  async getViewers(
    id: string,
    options: { readonly includeInactive?: boolean; readonly limit?: number; readonly offset?: number } = {},
  ): Promise<ViewerInfo[]> {
    const answer = await this.#client.call('GET /api/streams/:id/viewers', {
      params: { id },
      query: {
        includeInactive: options.includeInactive === true ? 'true' : 'false',
        limit: options.limit ?? 100,
        offset: options.offset ?? 0,
      },
    });
    return answer.viewers;
  }

  /** Says which rendition a session plays. */
  async updateViewerQuality(id: string, sessionId: string, quality: StreamQuality): Promise<void> {
    await this.#client.call('PATCH /api/streams/:id/viewers/:sessionId', {
      params: { id, sessionId },
      body: { selectedQuality: quality, ...this.#proof(`${id} ${sessionId}`) },
    });
  }

  /** Makes a new stream key; the old one is dead at once. */
  async regenerateStreamKey(id: string, _userId?: string): Promise<string> {
    const call = this.#client.call('POST /api/streams/:id/regenerate-key', { params: { id }, body: {} });
    return (await owning('change the key of', call)).streamKey;
  }

  /** Keys are checked by the server where somebody publishes, and nowhere else: nobody is told whether a key is right. Always rejects. */
  validateStreamKey(_key: string): Promise<Stream | null> {
    return Promise.reject(liveError('FORBIDDEN', 'Stream keys are checked by the server alone'));
  }

  /** Shows another source in the broadcast of this page. */
  async switchSource(id: string, userId: string, source: StreamSourceConfig): Promise<void> {
    const desk = await this.#deskFor(id, userId);
    await desk.switchSource(id, source);
  }

  /** Shows several sources in the broadcast of this page. */
  async configureMultiSource(id: string, userId: string, sources: MultiSourceConfig): Promise<void> {
    const desk = await this.#deskFor(id, userId);
    await desk.configure(id, sources);
  }

  /** True for the stream's own broadcaster. */
  isBroadcaster(stream: Stream, userId: string): boolean {
    return stream.broadcasterId === userId;
  }

  /** True while it is live. */
  isLive(stream: Stream): boolean {
    return stream.status === 'live';
  }

  /** Seconds since it began, or that it lasted; 0 when it has not begun. */
  getStreamDuration(stream: Stream): number {
    return streamDuration(stream) ?? 0;
  }

  /** `H:MM:SS`, or `M:SS` below an hour. */
  formatDuration(seconds: number): string {
    return formatDuration(seconds);
  }

  #proof(name: string): { secret?: string } {
    const secret = this.#secrets.get(name);
    return secret === undefined ? {} : { secret };
  }

  async #deskFor(id: string, userId: string): Promise<SourceDesk> {
    const stream = await this.getStream(id);
    if (!this.isBroadcaster(stream, userId))
      throw new StreamUnauthorizedError('Only the broadcaster can switch the sources of the stream');
    if (!this.isLive(stream)) throw new StreamNotLiveError(id);
    if (this.#desk === undefined)
      throw liveError('STREAM_NOT_PREPARED', 'this page does not broadcast the stream');
    return this.#desk;
  }
}

/** nchat's words for what the server refuses. */
async function owning<T>(verb: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const message = error instanceof LivestreamError ? wordsOf(error.code, verb) : undefined;
    if (error instanceof LivestreamError && message !== undefined) error.message = message;
    throw error;
  }
}

function wordsOf(code: string, verb: string): string | undefined {
  if (code === 'STREAM_UNAUTHORIZED') return `Only the broadcaster can ${verb} the stream`;
  if (code === 'STREAM_ALREADY_LIVE') return 'Stream is already live';
  if (code === 'STREAM_NOT_SCHEDULED') return 'Only scheduled streams can be cancelled';
  return undefined;
}

/** Makes a service. */
export function createLivestreamService(config?: LivestreamServiceConfig): LivestreamService {
  return new LivestreamService(config);
}

/** The page's one service: nchat's callers share it. */
let shared: LivestreamService | undefined;

/** The page's one service. It is made at the first call, with that call's configuration; a later configuration makes it anew. */
export function getLivestreamService(config?: LivestreamServiceConfig): LivestreamService {
  if (shared === undefined || config !== undefined) shared = new LivestreamService(config);
  return shared;
}
