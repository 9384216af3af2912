import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';

/** Deletions that are remembered: more than can happen while a page is on its way. */
const KEPT_DELETIONS = 1000;

/**
 * The messages of a chat that a client has, by position: no two of the same, always in order, whatever order they come in. It knows where
 * the first hole is.
 */
export class MessageList {
  readonly #maxMessages: number;
  /** Ids that were told to be deleted, the latest last. */
  readonly #deleted = new Map<string, string | undefined>();
  #messages: readonly StreamChatMessage[] = [];
  #knownUpTo = 0;

  /** @param maxMessages the oldest are dropped above it. */
  constructor(maxMessages: number) {
    this.#maxMessages = maxMessages;
  }

  /** In order. A new array after each change. */
  get messages(): readonly StreamChatMessage[] {
    return this.#messages;
  }

  /** Everything from the first message in the list to this position is there. */
  get knownUpTo(): number {
    return this.#knownUpTo;
  }

  /** True when a message is there that others before it are missing of. */
  get hasHole(): boolean {
    return (this.#messages.at(-1)?.seq ?? 0) > this.#knownUpTo;
  }

  /** Begins anew with a page of history, which has no holes. */
  reset(page: readonly StreamChatMessage[], lastSeq: number): void {
    this.#messages = page.slice(-this.#maxMessages).map((message) => this.#asDeleted(message));
    // An empty page of a chat whose messages are all gone: the next one is expected after the last that was.
    this.#knownUpTo = page.at(-1)?.seq ?? lastSeq;
  }

  /** Puts older ones before the first. */
  prepend(page: readonly StreamChatMessage[]): void {
    const first = this.#messages[0]?.seq ?? Number.POSITIVE_INFINITY;
    const older = page.filter(({ seq }) => seq < first).map((message) => this.#asDeleted(message));
    this.#messages = [...older, ...this.#messages];
  }

  /** Puts one where it belongs; the same one again takes its place. */
  put(given: StreamChatMessage): void {
    const message = this.#asDeleted(given);
    const { seq } = message;
    const at = this.#messages.findLastIndex((other) => other.seq <= seq);
    const isKnown = this.#messages[at]?.seq === seq;
    this.#messages = isKnown
      ? this.#messages.with(at, message)
      : [...this.#messages.slice(0, at + 1), message, ...this.#messages.slice(at + 1)];
    if (this.#messages.length > this.#maxMessages && at >= 0)
      this.#messages = this.#messages.slice(-this.#maxMessages);
    this.#advance();
  }

  /** Takes what the server has after {@link knownUpTo}: a number that is missing in it will never come. */
  complete(page: readonly StreamChatMessage[]): void {
    for (const message of page) {
      this.put(message);
      this.#knownUpTo = Math.max(this.#knownUpTo, message.seq);
    }
    this.#advance();
  }

  /** Changes one that is there. */
  change(id: string, change: (message: StreamChatMessage) => StreamChatMessage): void {
    const at = this.#messages.findIndex((message) => message.id === id);
    const message = this.#messages[at];
    if (message !== undefined) this.#messages = this.#messages.with(at, change(message));
  }

  /** Empties one, for good: a page that was read before may come after. */
  delete(id: string, deletedBy: string | undefined): void {
    this.#deleted.set(id, deletedBy);
    const [oldest] = this.#deleted.keys();
    if (this.#deleted.size > KEPT_DELETIONS && oldest !== undefined) this.#deleted.delete(oldest);
    this.change(id, (message) => this.#asDeleted(message));
  }

  #asDeleted(message: StreamChatMessage): StreamChatMessage {
    if (message.isDeleted || !this.#deleted.has(message.id)) return message;
    const deletedBy = this.#deleted.get(message.id);
    return { ...message, content: '', isDeleted: true, ...(deletedBy === undefined ? {} : { deletedBy }) };
  }

  #advance(): void {
    for (const { seq } of this.#messages) if (seq === this.#knownUpTo + 1) this.#knownUpTo = seq;
  }
}
