import type {
  Acknowledgement,
  ClientAnswer,
  ClientEvent,
  ClientRequestInput,
} from '@tallylight/protocol/realtime/client-events.ts';
import type { StreamSocketEvent, StreamSocketEvents } from '@tallylight/protocol/realtime/server-events.ts';
import { io, type Socket } from 'socket.io-client';
import { disconnected, RealtimeRequestError } from './realtime-error.ts';

/** How to reach the server, and as whom. */
export interface RealtimeClientOptions {
  /** Such as `https://live.example.org`. Default: where the page came from. */
  readonly url?: string;
  /** Asked at every connection, so that a token that ran out can be renewed. Absent, or undefined from it: the cookie decides. */
  readonly token?: () => string | undefined | Promise<string | undefined>;
  /** How long an answer may take, in milliseconds. Default 10000. */
  readonly answerTimeoutMs?: number;
  /** Shortest and longest pause before connecting again, in milliseconds. Default 500 and 5000, with jitter. */
  readonly retryMs?: readonly [number, number];
}

/** Whether there is a connection. `refused`: the server does not take us as who we say we are; it is tried again, more and more seldom. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'refused';

const RETRY_MS = [500, 5000] as const;

type Listener<E extends StreamSocketEvent> = (payload: StreamSocketEvents[E]) => void;

/**
 * A connection to the realtime server: typed events in, requests with answers out. It connects again by itself and enters its rooms again.
 * `emit`, `subscribe`, `isConnected` and `socketId` are what nchat's `useSocket()` gives.
 */
export class RealtimeClient {
  readonly #options: RealtimeClientOptions;
  readonly #socket: Socket;
  /** Rooms to be in, with the playback session in each. */
  readonly #rooms = new Map<string, string | undefined>();
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = 'idle';
  #refusal: RealtimeRequestError | undefined;
  #refusals = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** Connects at {@link RealtimeClient.connect}. */
  constructor(options: RealtimeClientOptions = {}) {
    this.#options = options;
    const [shortestMs, longestMs] = options.retryMs ?? RETRY_MS;
    this.#socket = io(options.url ?? '/', {
      transports: ['websocket'],
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: shortestMs,
      reconnectionDelayMax: longestMs,
      withCredentials: true,
      auth: (answer) => void this.#authenticate(answer),
    });
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('connect_error', (error) => this.#failed(error));
    this.#socket.on('disconnect', (reason) => {
      this.#enter('connecting');
      // Socket.IO takes that for the last word. It may only mean that who we are has to be said again.
      if (reason === 'io server disconnect') this.#retrySoon();
      if (reason === 'io client disconnect') this.#enter('idle');
    });
  }

  /** Connects, and stays connected until {@link RealtimeClient.close}. */
  connect(): void {
    if (this.#state !== 'idle') return;
    this.#enter('connecting');
    this.#socket.connect();
  }

  /** Ends the connection; the server hears that playbacks ended. Idempotent. */
  close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#socket.disconnect();
    this.#enter('idle');
  }

  /** Connects anew, as after signing in or out: who we are is said at the beginning of a connection only. */
  reconnect(): void {
    this.close();
    this.connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isConnected(): boolean {
    return this.#state === 'connected';
  }

  /** The connection goes on where the last one was lost: nothing of what its rooms were told is missing. */
  get isRecovered(): boolean {
    return this.#socket.recovered;
  }

  /** Id of the connection; undefined while there is none. */
  get socketId(): string | undefined {
    return this.#socket.id;
  }

  /** Why the server refused us, in state `refused`. */
  get refusal(): RealtimeRequestError | undefined {
    return this.#refusal;
  }

  /** Calls back when the state changes; returns the way to stop that. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** Calls back for an event of the rooms that we are in; returns the way to stop that. */
  on<E extends StreamSocketEvent>(event: E, listener: Listener<E>): () => void {
    return this.subscribe(event, listener);
  }

  /** {@link RealtimeClient.on} for any name, as nchat's hooks call it. */
  subscribe(event: string, listener: (payload: never) => void): () => void {
    this.#socket.on(event, listener as () => void);
    return () => this.#socket.off(event, listener as () => void);
  }

  /** Sends an event without asking for an answer, as nchat's hooks do; without a connection it is dropped. */
  emit(event: string, payload?: unknown): void {
    if (this.isConnected) this.#socket.emit(event, payload);
  }

  /**
   * Asks the server. Rejects with `RealtimeRequestError`: what the server refused, or UNAVAILABLE without a connection or an answer.
   */
  async request<E extends ClientEvent>(event: E, payload: ClientRequestInput<E>): Promise<ClientAnswer<E>> {
    if (!this.#socket.connected) throw disconnected();
    let answer: Acknowledgement<ClientAnswer<E>>;
    try {
      answer = await this.#socket
        .timeout(this.#options.answerTimeoutMs ?? 10_000)
        .emitWithAck(event, payload);
    } catch {
      throw disconnected();
    }
    if (!answer.ok) throw new RealtimeRequestError(answer.error);
    return answer;
  }

  /**
   * Enters the room of a stream and comes back to it after every reconnect.
   * @param sessionId of the playback; without one we do not count as a viewer. Rejects when the room may not be entered now; without a
   * connection it resolves and the room is entered later.
   */
  async join(streamId: string, sessionId?: string): Promise<ClientAnswer<'stream:join'> | undefined> {
    this.#rooms.set(streamId, sessionId);
    return this.isConnected ? this.#join(streamId) : undefined;
  }

  /** Leaves it. */
  async leave(streamId: string): Promise<void> {
    if (!this.#rooms.delete(streamId) || !this.isConnected) return;
    await this.request('stream:leave', { streamId }).catch(() => undefined);
  }

  #join(streamId: string): Promise<ClientAnswer<'stream:join'>> {
    const sessionId = this.#rooms.get(streamId);
    return this.request('stream:join', { streamId, ...(sessionId === undefined ? {} : { sessionId }) });
  }

  /** Enters a room again; tries as long as the connection lasts when the server has no time for us now. */
  async #return(streamId: string, socketId: string | undefined): Promise<void> {
    const [pauseMs] = this.#options.retryMs ?? RETRY_MS;
    while (this.#rooms.has(streamId) && this.#socket.id === socketId && this.#socket.connected) {
      try {
        await this.#join(streamId);
        return;
      } catch (error) {
        const { isTemporary, code } = error as RealtimeRequestError;
        if (!isTemporary && code !== 'RATE_LIMITED') return;
      }
      // A thousand others come back at the same time.
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (1 + 2 * Math.random())));
    }
  }

  async #authenticate(answer: (auth: object) => void): Promise<void> {
    const token = await Promise.resolve(this.#options.token?.()).catch(() => undefined);
    answer({ token: token ?? null });
  }

  #connected(): void {
    this.#refusals = 0;
    this.#refusal = undefined;
    // Before anybody hears that we are connected: what they ask next is asked in the rooms.
    for (const streamId of this.#rooms.keys()) void this.#return(streamId, this.#socket.id);
    this.#enter('connected');
  }

  #failed(error: Error & { readonly data?: unknown }): void {
    // Active: the network failed, and Socket.IO tries again by itself.
    if (this.#socket.active) return;
    const { code = 'UNAVAILABLE' } = (error.data ?? {}) as { readonly code?: string };
    this.#refusal = new RealtimeRequestError({ code, message: error.message });
    this.#enter('refused');
    this.#retrySoon();
  }

  #retrySoon(): void {
    const [shortestMs, longestMs] = this.#options.retryMs ?? RETRY_MS;
    const delayMs = Math.min(longestMs, shortestMs * 2 ** this.#refusals++) * (0.5 + Math.random());
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#socket.connect(), delayMs);
  }

  #enter(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of [...this.#stateListeners]) listener(state);
  }
}
