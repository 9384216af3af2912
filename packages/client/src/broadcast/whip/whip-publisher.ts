import { type ReadableStore, Store } from '../../player/store.ts';
import { readConnection, type SenderReport } from '../sender-report.ts';
import { fetchIceServers } from './ice-servers.ts';
import { type LossReason, LossWatch } from './loss-watch.ts';
import type { OutgoingMedia } from './outgoing-track.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';
import { WhipError } from './whip-error.ts';
import { deleteSession, WhipSession } from './whip-session.ts';

/** How a publisher publishes. */
export interface WhipPublisherOptions {
  /** URL that takes the offer. */
  readonly endpoint: string;
  readonly streamKey: string;
  readonly media: OutgoingMedia;
  /** See `IceServerQuery.iceServersUrl`. */
  readonly iceServersUrl?: string | undefined;
  /** Send three sizes, of which the server takes what it wants. Default false. */
  readonly simulcast?: boolean | undefined;
  /** How long the server keeps the stream open for a lost publisher, in ms; asked at each loss. While unknown it is tried for 120 s. */
  readonly reconnectWindowMs?: (() => number | undefined) | undefined;
  /** How long the first connection is tried for. Long enough that a session left behind by a reloaded page is gone. Default 10 s. */
  readonly startWindowMs?: number | undefined;
}

/** Where a publisher stands. */
export type PublishStatus = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'ended' | 'failed';

/** What a lost publisher does about it. Times are of `performance.now()`. */
export interface Reconnecting {
  /** Attempts made so far. */
  readonly attempts: number;
  /** Until when the server keeps the stream open; undefined when it did not say. */
  readonly untilMs: number | undefined;
  readonly cause: LossReason;
}

/** Everything a publisher knows. */
export interface PublishState {
  readonly status: PublishStatus;
  readonly connectionState: RTCPeerConnectionState | null;
  readonly reconnecting: Reconnecting | undefined;
  /** Where viewers watch, once the server said so. */
  readonly watchUrl: string | undefined;
  /** The last failure; while connecting or reconnecting it is being retried. */
  readonly error: WhipError | undefined;
  /** The newest counters of this session; undefined between sessions. */
  readonly report: SenderReport | undefined;
}

const RECONNECT_WINDOW_MS = 120_000;
const START_WINDOW_MS = 10_000;
/** Often enough to see a silent server soon; `getStats` costs about a millisecond. */
const READ_INTERVAL_MS = 250;

/** Publishes by WHIP and stays: when the connection is lost, it posts anew until the reconnect window is over. */
export class WhipPublisher {
  readonly store: ReadableStore<PublishState>;
  readonly #store = new Store<PublishState>({
    status: 'idle',
    connectionState: null,
    reconnecting: undefined,
    watchUrl: undefined,
    error: undefined,
    report: undefined,
  });
  readonly #options: WhipPublisherOptions;
  readonly #ending = new AbortController();
  #media: OutgoingMedia;
  #session: WhipSession | undefined;
  /** Of a session that is being opened. */
  #opening: RTCPeerConnection | undefined;
  #lostUrl: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: WhipPublisherOptions) {
    this.#options = options;
    this.#media = options.media;
    this.store = this.#store;
  }

  /** The connection that carries the stream now, or is being made for it; null between sessions. */
  get connection(): RTCPeerConnection | null {
    return this.#session?.connection ?? this.#opening ?? null;
  }

  /** Publishes; resolves when media flows. Rejects with a {@link WhipError} when it cannot, and with an `AbortError` after {@link close}. */
  async start(): Promise<void> {
    this.#store.commit({ status: 'connecting' });
    globalThis.addEventListener('online', this.#tryNow);
    const deadlineMs = performance.now() + (this.#options.startWindowMs ?? START_WINDOW_MS);
    try {
      await this.#open(deadlineMs, (error) => error);
    } catch (error) {
      this.#finish('failed', error);
      throw error;
    }
    void this.#stay();
  }

  /** Sends other tracks, or the same with other bounds, now and in every later session. */
  async replace(media: OutgoingMedia): Promise<void> {
    this.#media = media;
    const session = this.#session;
    try {
      await session?.replace(media);
    } catch (error) {
      // A session that was lost meanwhile could not take them; the next one will.
      if (session === this.#session) {
        throw error;
      }
    }
  }

  /** Ends the session at the server too, unless that is `known` to have ended it by itself. Idempotent. */
  close(known = false): void {
    this.#finish('ended', undefined, known);
  }

  readonly #tryNow = (): void => {
    this.#wake?.();
  };

  /** Follows the session, and opens the next when it is lost, until the end. */
  async #stay(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const cause = await this.#lost();
      if (cause === undefined) {
        return;
      }
      const nowMs = performance.now();
      const windowMs = this.#options.reconnectWindowMs?.();
      const untilMs = windowMs === undefined ? undefined : nowMs + windowMs;
      this.#lostUrl = this.#session?.resourceUrl;
      this.#session?.connection.close();
      this.#session = undefined;
      const tell = (attempts: number): void => {
        this.#store.commit({ reconnecting: { attempts, untilMs, cause } });
      };
      // A dead connection may call itself connected for many seconds more.
      this.#store.commit({ status: 'reconnecting', connectionState: 'disconnected', report: undefined });
      tell(0);
      try {
        await this.#open(nowMs + (windowMs ?? RECONNECT_WINDOW_MS), lasting, tell);
      } catch (error) {
        this.#finish('failed', error);
        return;
      }
    }
  }

  /** Opens a session, again and again until the deadline. `judge` says by `retry` whether a failure may pass. */
  async #open(
    deadlineMs: number,
    judge: (error: unknown) => unknown,
    tell?: (attempts: number) => void,
  ): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 0, retryAfterMs = 0; ; attempt += 1) {
      await this.#pause(reconnectDelayMs(attempt, retryAfterMs));
      signal.throwIfAborted();
      try {
        await this.#openOnce();
        return;
      } catch (cause) {
        this.#opening = undefined;
        signal.throwIfAborted();
        const error = judge(cause);
        if (!(error instanceof WhipError) || !error.retry || performance.now() >= deadlineMs) {
          throw error;
        }
        if (error.kind === 'key-in-use' && this.#lostUrl !== undefined) {
          // It is our own lost session that the server still believes in.
          await deleteSession(this.#lostUrl, this.#options.streamKey);
          this.#lostUrl = undefined;
        }
        retryAfterMs = error.retryAfterMs;
        this.#store.commit({ error });
        tell?.(attempt + 1);
      }
    }
  }

  async #openOnce(): Promise<void> {
    const { endpoint, streamKey, iceServersUrl, simulcast = false } = this.#options;
    const { signal } = this.#ending;
    const iceServers = await fetchIceServers({ endpoint, streamKey, iceServersUrl, signal });
    signal.throwIfAborted();
    const media = this.#media;
    const session = await WhipSession.open({
      endpoint,
      streamKey,
      iceServers,
      media,
      simulcast,
      signal,
      onConnection: (connection) => {
        this.#opening = connection;
      },
      onState: (connectionState) => {
        // An attempt that failed is followed by the next: the stream is not connected, but not given up either.
        const retried = connectionState === 'failed' && this.#store.get().status === 'reconnecting';
        this.#store.commit({ connectionState: retried ? 'disconnected' : connectionState });
        this.#wake?.();
      },
    });
    for (let sent = media; sent !== this.#media; ) {
      sent = this.#media;
      await session.replace(sent).catch((error: unknown) => {
        session.close();
        throw new WhipError('not-connected', String(error));
      });
      if (signal.aborted) {
        session.close();
        signal.throwIfAborted();
      }
    }
    this.#session = session;
    this.#opening = undefined;
    this.#store.commit({
      status: 'live',
      connectionState: session.connection.connectionState,
      watchUrl: session.watchUrl ?? this.#store.get().watchUrl,
      reconnecting: undefined,
      error: undefined,
    });
  }

  /** Resolves when the session is lost, with the cause; with undefined when the publisher was closed. */
  async #lost(): Promise<LossReason | undefined> {
    const watch = new LossWatch();
    for (;;) {
      const connection = this.#session?.connection;
      if (this.#ending.signal.aborted || connection === undefined) {
        return undefined;
      }
      const report = await readConnection(connection);
      const nowMs = performance.now();
      watch.changed(connection.connectionState, nowMs);
      watch.received(report?.heard, nowMs);
      const cause = watch.verdict(nowMs);
      if (cause !== undefined || this.#ending.signal.aborted) {
        return this.#ending.signal.aborted ? undefined : cause;
      }
      if (report !== undefined) {
        this.#store.commit({ report });
      }
      await this.#pause(READ_INTERVAL_MS);
    }
  }

  /** Waits; cut short by the end, by a change of the connection, and by a network that is back. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  #finish(status: 'ended' | 'failed', error: unknown, known = false): void {
    if (this.#ending.signal.aborted) {
      return;
    }
    this.#ending.abort();
    this.#wake?.();
    globalThis.removeEventListener('online', this.#tryNow);
    this.#session?.close(known);
    this.#session = undefined;
    this.#opening = undefined;
    this.#store.commit({
      status,
      connectionState: 'closed',
      reconnecting: undefined,
      report: undefined,
      error: error instanceof WhipError ? error : undefined,
    });
  }
}

/** A server that took this stream once takes it again: whatever it says while it restarts, only a refused key is final. */
function lasting(error: unknown): WhipError {
  if (error instanceof WhipError) {
    const passing = error.retry || error.kind === 'wrong-key';
    return passing ? error : new WhipError('not-connected', error.detail, error.retryAfterMs);
  }
  return new WhipError('not-connected', String(error));
}
