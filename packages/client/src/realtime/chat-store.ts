import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import type { ClientAnswer } from '@tallylight/protocol/realtime/client-events.ts';
import { MessageList } from './message-list.ts';
import type { RealtimeClient } from './realtime-client.ts';
import { disconnected, RealtimeRequestError, toRealtimeError } from './realtime-error.ts';

/** A message that the server has not acknowledged. */
export interface PendingMessage {
  readonly clientId: string;
  readonly content: string;
  /** `sending`: it is sent again after a reconnect, until it is acknowledged. `failed`: the server refused it. */
  readonly status: 'sending' | 'failed';
  readonly error?: RealtimeRequestError;
}

/** A chat as it stands. Each change makes a new one. */
export interface ChatSnapshot {
  /** By position, without doubles. Deleted ones have no content. */
  readonly messages: readonly StreamChatMessage[];
  /** Own ones that are on their way, oldest first. */
  readonly pending: readonly PendingMessage[];
  /** Nothing was loaded yet. */
  readonly isLoading: boolean;
  /** Why the history could not be loaded. */
  readonly error: RealtimeRequestError | undefined;
}

/** What differs from the defaults of a {@link ChatStore}. */
export interface ChatStoreOptions {
  /** Messages that are kept; the oldest go first. Default 500. */
  readonly maxMessages?: number;
  /** Messages that are asked for at a time. Default 100. */
  readonly pageSize?: number;
  /** When more were missed than this, the newest page is loaded instead. Default 500. */
  readonly maxCatchUp?: number;
  /** Pause before something that failed for the moment is tried again, in milliseconds. Default 1000. */
  readonly retryMs?: number;
}

interface Waiting {
  readonly resolve: (message: StreamChatMessage) => void;
  readonly reject: (error: RealtimeRequestError) => void;
}

/** Messages that are read again at a time: the most that the server gives. */
const REFRESH_PAGE = 200;
/** The epoch of a chat in which nothing was ever said. */
const UNBEGUN = '';
const DEFAULTS = { maxMessages: 500, pageSize: 100, maxCatchUp: 500, retryMs: 1000 };

/**
 * The chat of one stream, as a store: read-only snapshots, and requests that change them once the server has agreed. Nothing is shown
 * twice, nothing that was acknowledged is lost: messages are put in the order of their positions, a hole is filled from the history, an own
 * message is sent under the same id until the server has it.
 */
export class ChatStore {
  readonly #client: RealtimeClient;
  readonly #streamId: string;
  readonly #options: Required<ChatStoreOptions>;
  readonly #list: MessageList;
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #pending: readonly PendingMessage[] = [];
  #epoch: string | undefined;
  #error: RealtimeRequestError | undefined;
  #isSyncing = false;
  #isSyncDue = false;
  /** What is shown may have been deleted or pinned meanwhile. */
  #isRefreshDue = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #snapshot: ChatSnapshot = { messages: [], pending: [], isLoading: true, error: undefined };
  #isClosed = false;

  /** Loads the newest messages as soon as there is a connection. The client must be in the stream's room, see `RealtimeClient.join`. */
  constructor(client: RealtimeClient, streamId: string, options: ChatStoreOptions = {}) {
    this.#client = client;
    this.#streamId = streamId;
    this.#options = { ...DEFAULTS, ...options };
    this.#list = new MessageList(this.#options.maxMessages);
    this.#listen();
    if (client.isConnected) this.#sync();
  }

  /** The chat now. The same object until something changes. */
  get snapshot(): ChatSnapshot {
    return this.#snapshot;
  }

  /** Calls back after each change; returns the way to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Says something: at once among `pending`, then among `messages`. Resolves with the stored message, however long the connection is away;
   * rejects when the server refuses it.
   */
  send(content: string): Promise<StreamChatMessage> {
    const clientId = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(disconnected());
        return;
      }
      this.#waiting.set(clientId, { resolve, reject });
      this.#pending = [...this.#pending, { clientId, content, status: 'sending' }];
      this.#changed();
      void this.#transmit(clientId, content);
    });
  }

  /** Sends one that the server refused again. */
  resend(clientId: string): void {
    const message = this.#pending.find((each) => each.clientId === clientId && each.status === 'failed');
    if (message === undefined) return;
    this.#replacePending(clientId, { clientId, content: message.content, status: 'sending' });
    void this.#transmit(clientId, message.content);
  }

  /** Forgets one that the server refused. */
  discard(clientId: string): void {
    if (this.#pending.find((each) => each.clientId === clientId)?.status === 'failed')
      this.#replacePending(clientId);
  }

  /** Deletes a message: one's own, or as a moderator. Rejects with what the server refuses. */
  async delete(messageId: string): Promise<void> {
    await this.#client.request('chat:delete', { streamId: this.#streamId, messageId });
  }

  /** Pins a message, as a moderator. */
  async pin(messageId: string): Promise<void> {
    await this.#client.request('chat:pin', { streamId: this.#streamId, messageId });
  }

  /** Takes the pin off. */
  async unpin(messageId: string): Promise<void> {
    await this.#client.request('chat:unpin', { streamId: this.#streamId, messageId });
  }

  /** Loads messages before the oldest one that is there. False: there are none. */
  async loadOlder(): Promise<boolean> {
    const beforeSeq = this.#list.messages[0]?.seq;
    if (beforeSeq === undefined || beforeSeq <= 1) return false;
    const { messages, epoch } = await this.#history({ beforeSeq });
    if (epoch === this.#epoch) this.#list.prepend(messages);
    this.#changed();
    return messages.length > 0;
  }

  /** Listens no more; what was not acknowledged is rejected. Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const stop of this.#stops.splice(0)) stop();
    for (const { reject } of this.#waiting.values()) reject(disconnected());
    this.#waiting.clear();
    this.#listeners.clear();
  }

  #listen(): void {
    const client = this.#client;
    const isOurs = ({ streamId }: { readonly streamId: string }): boolean => streamId === this.#streamId;
    this.#stops.push(
      client.onState((state) => {
        if (state !== 'connected') return;
        if (!client.isRecovered) this.#isRefreshDue = true;
        this.#sync();
        this.#transmitAgain();
      }),
      client.on('stream:chat-message', (message) => {
        if (isOurs(message)) this.#received(message);
      }),
      client.on('stream:chat-deleted', (told) => {
        if (!isOurs(told)) return;
        this.#list.delete(told.messageId, told.deletedBy);
        this.#changed();
      }),
      client.on('stream:chat-pinned', (told) => {
        if (!isOurs(told)) return;
        this.#list.change(told.messageId, (message) => ({ ...message, isPinned: true }));
        this.#changed();
      }),
      client.on('stream:chat-unpinned', (told) => {
        if (!isOurs(told)) return;
        this.#list.change(told.messageId, (message) => ({ ...message, isPinned: false }));
        this.#changed();
      }),
    );
  }

  #received(message: StreamChatMessage): void {
    // Before the first page nothing is known of positions: the page will have it.
    if (this.#epoch === undefined) {
      this.#isSyncDue = true;
      return;
    }
    this.#list.put(message);
    this.#settle(message);
    this.#changed();
    if (this.#list.hasHole) this.#sync();
  }

  /** Ends the wait for an own message. */
  #settle(message: StreamChatMessage): void {
    const { clientId } = message;
    this.#waiting.get(clientId)?.resolve(message);
    this.#waiting.delete(clientId);
    this.#pending = this.#pending.filter((each) => each.clientId !== clientId);
  }

  #transmitAgain(): void {
    for (const { clientId, content, status } of this.#pending)
      if (status === 'sending') void this.#transmit(clientId, content, true);
  }

  /** @param isAgain the server may have it; that many are sent at once is then no fault of the writer. */
  async #transmit(clientId: string, content: string, isAgain = false): Promise<void> {
    try {
      const { message } = await this.#client.request('chat:send', {
        streamId: this.#streamId,
        content,
        clientId,
      });
      if (this.#isClosed) return;
      if (this.#epoch !== undefined) this.#list.put(message);
      this.#settle(message);
      this.#changed();
      if (this.#epoch !== undefined && this.#list.hasHole) this.#sync();
    } catch (thrown) {
      const error = toRealtimeError(thrown);
      if (this.#isClosed || !this.#waiting.has(clientId)) return;
      if (error.isTemporary || (isAgain && error.code === 'RATE_LIMITED')) this.#retrySoon(error);
      else this.#refused(clientId, content, error);
    }
  }

  #refused(clientId: string, content: string, error: RealtimeRequestError): void {
    this.#waiting.get(clientId)?.reject(error);
    this.#waiting.delete(clientId);
    this.#replacePending(clientId, { clientId, content, status: 'failed', error });
  }

  #replacePending(clientId: string, by?: PendingMessage): void {
    this.#pending = this.#pending.flatMap((each) =>
      each.clientId !== clientId ? [each] : by === undefined ? [] : [by],
    );
    if (by?.status === 'sending' && !this.#waiting.has(clientId))
      this.#waiting.set(clientId, { resolve: () => undefined, reject: () => undefined });
    this.#changed();
  }

  /** Tries everything again that failed for the moment; a reconnect does so before. */
  #retrySoon(error: RealtimeRequestError): void {
    this.#retry ??= setTimeout(
      () => {
        this.#retry = undefined;
        if (!this.#client.isConnected) return;
        this.#sync();
        this.#transmitAgain();
      },
      Math.max(this.#options.retryMs, 1000 * (error.retryAfterSeconds ?? 0)),
    );
  }

  /** Gets what is missing; while that is under way, once more afterwards. */
  #sync(): void {
    this.#isSyncDue = true;
    if (!this.#isSyncing) void this.#syncAll();
  }

  async #syncAll(): Promise<void> {
    this.#isSyncing = true;
    try {
      while (this.#isSyncDue && !this.#isClosed) {
        this.#isSyncDue = false;
        await this.#catchUp();
        this.#error = undefined;
      }
    } catch (thrown) {
      const error = toRealtimeError(thrown);
      this.#error = error;
      if (error.isTemporary || error.code === 'RATE_LIMITED') this.#retrySoon(error);
    } finally {
      this.#isSyncing = false;
    }
    if (!this.#isClosed) this.#changed();
  }

  async #catchUp(): Promise<void> {
    if (this.#epoch === undefined) {
      await this.#reload();
      return;
    }
    if (this.#isRefreshDue) await this.#refresh();
    else await this.#readFrom(this.#list.knownUpTo, this.#options.pageSize);
  }

  /** Reads what is shown once more, and what comes after it. */
  async #refresh(): Promise<void> {
    this.#isRefreshDue = false;
    const { messages, knownUpTo } = this.#list;
    // The first that is there may have holes before it: of a chat that was empty, somebody was heard after others were missed.
    const before = Math.min(knownUpTo, (messages[0]?.seq ?? Number.POSITIVE_INFINITY) - 1);
    try {
      await this.#readFrom(before, REFRESH_PAGE);
    } catch (error) {
      this.#isRefreshDue = true;
      throw error;
    }
  }

  async #readFrom(fromSeq: number, limit: number): Promise<void> {
    for (let afterSeq = fromSeq; ; ) {
      const { epoch, lastSeq, messages } = await this.#history({ afterSeq, limit });
      if (epoch !== this.#epoch || lastSeq - this.#list.knownUpTo > this.#options.maxCatchUp) {
        await this.#reload();
        return;
      }
      this.#list.complete(messages);
      for (const message of messages) this.#settle(message);
      this.#changed();
      afterSeq = messages.at(-1)?.seq ?? lastSeq;
      if (afterSeq >= lastSeq) return;
    }
  }

  async #reload(): Promise<void> {
    this.#isRefreshDue = false;
    const { epoch, lastSeq, messages } = await this.#history({});
    this.#epoch = epoch;
    this.#list.reset(messages, lastSeq);
    for (const message of messages) this.#settle(message);
    this.#changed();
  }

  async #history(from: {
    afterSeq?: number;
    beforeSeq?: number;
    limit?: number;
  }): Promise<ClientAnswer<'chat:history'>> {
    const page = await this.#client.request('chat:history', {
      streamId: this.#streamId,
      limit: this.#options.pageSize,
      ...from,
    });
    // A chat that was empty when we came has begun: what we were told since is of it, and no other chat.
    if (this.#epoch === UNBEGUN) this.#epoch = page.epoch;
    return page;
  }

  #changed(): void {
    this.#snapshot = {
      messages: this.#list.messages,
      pending: this.#pending,
      isLoading: this.#epoch === undefined,
      error: this.#error,
    };
    for (const listener of [...this.#listeners]) listener();
  }
}
