/** What clients talk to. */
export interface CrashTarget {
  /** The server's address now. */
  readonly base: () => string;
  readonly rooms: readonly string[];
  readonly ownerId: string;
}

/** A message as the server gives it. */
export interface SeenMessage {
  readonly id: string;
  readonly seq: number;
  readonly clientId: string;
  readonly content: string;
  readonly isDeleted: boolean;
}

/** One thing that somebody wanted to say, and what became of it. */
export interface SentMessage {
  readonly clientId: string;
  readonly userId: string;
  readonly room: string;
  readonly content: string;
  /** The first attempt began after the ban of its author was acknowledged. */
  readonly isAfterBan: boolean;
  /** Every acknowledgement; two attempts may both get one. */
  readonly acks: SeenMessage[];
  /** An attempt that began after the ban was acknowledged, and was acknowledged itself. */
  ackedAfterBan: boolean;
  isDeletionAcked: boolean;
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks the server; undefined when no answer came, or none that says anything. */
async function call(
  target: CrashTarget,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  try {
    const response = await fetch(`${target.base()}${path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(6000)]),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}

/** Who writes how much. */
export interface ChatWriterOptions {
  readonly userId: string;
  /** Beginning of its client ids. */
  readonly name: string;
  readonly messages: number;
  readonly random: () => number;
}

/** Writes messages one after the other, hangs up at random, and sends again what was not acknowledged. */
export class ChatWriterClient {
  readonly sent: SentMessage[] = [];
  resent = 0;
  readonly #target: CrashTarget;
  readonly #options: ChatWriterOptions;
  #isBanned = false;

  constructor(target: CrashTarget, options: ChatWriterOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Messages with an acknowledgement. */
  get ackedCount(): number {
    return this.sent.filter(({ acks }) => acks.length > 0).length;
  }

  /** Says everything that it has to say. */
  async run(stop: AbortSignal): Promise<void> {
    const { random, messages, name, userId } = this.#options;
    for (let n = 0; n < messages && !stop.aborted; n += 1) {
      const message: SentMessage = {
        clientId: `${name}-${n}`,
        userId,
        room: this.#target.rooms[Math.floor(random() * this.#target.rooms.length)] ?? '',
        content: `message ${n} of ${name}`,
        isAfterBan: this.#isBanned,
        acks: [],
        ackedAfterBan: false,
        isDeletionAcked: false,
      };
      this.sent.push(message);
      await this.#say(message, stop);
      if (message.acks.length > 0 && random() < 0.05) await this.#delete(message, stop);
      await sleep(random() * 20);
    }
  }

  /** Has this person banned in every room once half of their messages are sent. */
  async banWhenHalfDone(stop: AbortSignal): Promise<void> {
    while (this.sent.length < this.#options.messages / 2 && !stop.aborted) await sleep(20);
    const { ownerId, rooms } = this.#target;
    for (const streamId of rooms) {
      for (;;) {
        if (stop.aborted) return;
        const ban = { userId: ownerId, streamId, target: this.#options.userId };
        const answer = await call(this.#target, '/ban', ban, stop);
        // 409: an earlier attempt took effect without an answer.
        if (answer?.status === 200 || answer?.status === 409) break;
        await sleep(50);
      }
    }
    this.#isBanned = true;
  }

  async #say(message: SentMessage, stop: AbortSignal): Promise<void> {
    const { random } = this.#options;
    const { userId, room, content, clientId } = message;
    for (let attempt = 0; !stop.aborted; attempt += 1) {
      if (attempt > 0) this.resent += 1;
      const isBanned = this.#isBanned;
      const hangUp = new AbortController();
      const hangUpTimer = random() < 0.1 ? setTimeout(() => hangUp.abort(), random() * 15) : undefined;
      const signal = AbortSignal.any([stop, hangUp.signal]);
      const answer = await call(this.#target, '/send', { userId, streamId: room, content, clientId }, signal);
      clearTimeout(hangUpTimer);
      if (answer?.status === 200) {
        message.acks.push(answer.body as SeenMessage);
        if (isBanned) message.ackedAfterBan = true;
        // Now and then once more, as a client does that did not see the answer.
        if (random() < 0.95) return;
      } else if (answer !== undefined && answer.status < 500) return;
      // Some give up: then it may be stored or not.
      else if (random() < 0.03) return;
      await sleep(30 + random() * 70);
    }
  }

  async #delete(message: SentMessage, stop: AbortSignal): Promise<void> {
    const messageId = message.acks[0]?.id;
    while (!stop.aborted) {
      const body = { userId: this.#target.ownerId, streamId: message.room, messageId };
      const answer = await call(this.#target, '/delete', body, stop);
      if (answer?.status === 200) {
        message.isDeletionAcked = true;
        return;
      }
      await sleep(50);
    }
  }
}

/** Reads one room as a client does: live events, and history where a number is missing or the connection was. */
export class ChatReader {
  readonly room: string;
  /** What it has seen, in the order in which it would show it. */
  readonly view: SeenMessage[] = [];
  readonly violations: string[] = [];
  readonly #target: CrashTarget;

  constructor(target: CrashTarget, room: string) {
    this.#target = target;
    this.room = room;
  }

  /** Reads until told to stop. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#follow(stop);
      } catch {
        // The server is gone; it comes back.
      }
      if (!stop.aborted) await sleep(20);
    }
  }

  /** Reads to the end, once everything works again. */
  async heal(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if (await this.#catchUp(new AbortController().signal)) return;
      await sleep(100);
    }
    this.violations.push('a reader could not catch up after healing');
  }

  async #follow(stop: AbortSignal): Promise<void> {
    const response = await fetch(`${this.#target.base()}/events?streamId=${this.room}`, { signal: stop });
    if (response.body === null) return;
    let lastTold = 0;
    let rest = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as Partial<SeenMessage>;
        if (event.seq === undefined) {
          await this.#catchUp(stop);
          continue;
        }
        if (event.seq <= lastTold) this.violations.push(`told of ${event.seq} after ${lastTold}`);
        lastTold = event.seq;
        if (event.seq > this.view.length + 1) await this.#catchUp(stop);
        this.#see(event as SeenMessage);
      }
    }
  }

  /** Asks for what comes after the last one seen; false when the server did not answer. */
  async #catchUp(stop: AbortSignal): Promise<boolean> {
    for (;;) {
      const query = `/history?streamId=${this.room}&afterSeq=${this.view.length}`;
      const answer = await call(this.#target, query, undefined, stop);
      if (answer?.status !== 200) return false;
      const { messages } = answer.body as { readonly messages: readonly SeenMessage[] };
      for (const message of messages) this.#see(message);
      if (messages.length < 200) return true;
    }
  }

  #see(message: SeenMessage): void {
    const known = this.view[message.seq - 1];
    if (known !== undefined) {
      if (known.id !== message.id) this.violations.push(`two messages have the number ${message.seq}`);
    } else if (message.seq === this.view.length + 1) this.view.push(message);
    // Else it could not catch up: the next event or the healing brings both.
  }
}
