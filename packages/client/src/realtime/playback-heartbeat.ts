import type { ClientRequestInput } from '@tallylight/protocol/realtime/client-events.ts';
import type { RealtimeClient } from './realtime-client.ts';

/** How a playback is doing; what is not known is absent. */
export type PlaybackState = Omit<ClientRequestInput<'viewer:heartbeat'>, 'streamId' | 'sessionId'>;

/** What a heartbeat needs. */
export interface PlaybackHeartbeatOptions {
  readonly client: RealtimeClient;
  readonly streamId: string;
  /** Asked before each beat. */
  readonly read: () => PlaybackState;
  /** Default 10000: the server forgets a viewer after three beats that it misses. */
  readonly everyMs?: number;
}

/** Counts a playback as a viewer: joins under a session of its own, says how it does from time to time, and leaves at the end. */
export class PlaybackHeartbeat {
  readonly #options: PlaybackHeartbeatOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The playback's own id. */
  readonly sessionId = crypto.randomUUID();

  /** Begins at once. */
  constructor(options: PlaybackHeartbeatOptions) {
    this.#options = options;
    const { client, streamId, everyMs = 10_000 } = options;
    client.join(streamId, this.sessionId).catch(() => undefined);
    this.#timer = setInterval(() => this.#beat(), everyMs);
  }

  /** The playback ended. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#options.client.leave(this.#options.streamId);
  }

  #beat(): void {
    const { client, streamId, read } = this.#options;
    if (!client.isConnected) return;
    client
      .request('viewer:heartbeat', { streamId, sessionId: this.sessionId, ...read() })
      // The server forgot the session: it was away too long, or is another one.
      .catch((error: unknown) =>
        (error as { readonly code?: string }).code === 'NOT_FOUND'
          ? client.join(streamId, this.sessionId)
          : undefined,
      )
      .catch(() => undefined);
  }
}
