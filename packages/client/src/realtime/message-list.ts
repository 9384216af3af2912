import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';

/**
 * The messages of a chat that a client has, by position: no two of the same, always in order, whatever order they come in. It knows where
 * the first hole is.
 */
export class MessageList {
  readonly #maxMessages: number;
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
    this.#messages = page.slice(-this.#maxMessages);
    // An empty page of a chat whose messages are all gone: the next one is expected after the last that was.
    this.#knownUpTo = page.at(-1)?.seq ?? lastSeq;
  }

  /** Puts older ones before the first. */
  prepend(page: readonly StreamChatMessage[]): void {
    const first = this.#messages[0]?.seq ?? Number.POSITIVE_INFINITY;
    this.#messages = [...page.filter(({ seq }) => seq < first), ...this.#messages];
  }

  /** Puts one where it belongs; the same one again takes its place. */
  put(message: StreamChatMessage): void {
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

  #advance(): void {
    for (const { seq } of this.#messages) if (seq === this.#knownUpTo + 1) this.#knownUpTo = seq;
  }
}
